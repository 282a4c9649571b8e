/**
 * The ways in which clients depart from the standard, each with a name under which it is counted, where it was seen,
 * and what we make of it. A name is noted when its dialect is met; nothing is refused for it.
 */

export interface Dialect {
  readonly source: string
  readonly description: string
}

export const dialects = {
  'entra-capital-ops': {
    source: 'Microsoft Entra ID, app provisioning documentation',
    description: 'Operations are named Add, Replace and Remove.',
  },
  'entra-string-booleans': {
    source: 'Microsoft Entra ID without aadOptscim062020; scimmy #51 and #86, scimitar #43',
    description: 'A boolean comes as the text "True" or "False".',
  },
  'entra-value-removal': {
    source: 'Microsoft Entra ID, azure-docs #30826; OneLogin, recorded calls of 2020',
    description: 'A remove on a list carries the values to remove: only those go.',
  },
  'entra-dotted-keys': {
    source: 'Microsoft Entra ID with aadOptscim062020; scim-for-keycloak #26',
    description:
      'Keys of a value without path are paths: name.givenName, urn:…:User:department, emails[…].value.',
  },
  'entra-bare-reference': {
    source: 'Microsoft Entra ID: manager as a text',
    description: 'A complex value comes as a bare text, which is its value.',
  },
  'entra-unknown-schema': {
    source: 'Microsoft Entra ID: http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
    description: 'schemas or a key names a schema that we do not know: it is dropped.',
  },
  'okta-pathless-replace': {
    source: 'Okta, apps of its integration network: {op: replace, value: {active: false}}',
    description: 'An operation without path: each key of its value is one.',
  },
  'okta-id-echo': {
    source: 'Okta group push; authentik #23950',
    description: 'A PATCH carries the id of the resource: the same one changes nothing.',
  },
  'okta-wrapped-scalar': {
    source: 'Okta, seen second-hand: value: [false]; Entra: manager as [{value}]',
    description: 'A single value comes as a list of one.',
  },
  'okta-empty-text': {
    source:
      'Okta, apps of its integration wizard: empty text for what is not set; Entra: manager cleared by ""',
    description: 'Empty text for an attribute that is not set: it becomes unassigned.',
  },
  'onelogin-legacy-urns': {
    source: 'OneLogin templates, authentik #11249: urn:scim:schemas:core:1.0',
    description: 'A schema is named by a URN of SCIM 1.1 or of a draft.',
  },
  'onelogin-manager-id': {
    source: 'OneLogin templates: manager.managerId, as SCIM 1.1 had it',
    description: "The manager's identifier is called managerId.",
  },
  'onelogin-add-by-filter': {
    source: 'OneLogin, seen second-hand',
    description: 'An add with the path members[value eq "x"] and no value adds x.',
  },
  'scalar-for-list': {
    source: 'scimgateway and others, seen second-hand',
    description: 'A list of one comes without its brackets.',
  },
  'missing-patch-schema': {
    source: 'Microsoft Entra ID, seen second-hand',
    description: 'A PATCH body without schemas.',
  },
  'any-case-keys': {
    source: 'clients that write operations for Operations',
    description: 'The keys of a message are in another case.',
  },
  'unknown-attribute': {
    source: 'all vendors: attributes that the schema does not have',
    description: 'An attribute that we do not know: it is dropped.',
  },
} as const satisfies Readonly<Record<string, Dialect>>

export type DialectName = keyof typeof dialects

/** The names met while one body is read. Filled in place, on purpose: it is handed down through the whole reading. */
export type Met = Set<DialectName>
