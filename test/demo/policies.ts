/**
 * The two policies, each rule twice: as the manifest says it, and as a plain predicate that knows nothing of the
 * product. The model is built from the predicates alone.
 */
import { stringify } from 'yaml'

import { teamNamed } from './company.ts'
import { contoso, globex } from './companies.ts'

import type { Company, Person } from './company.ts'

interface Rule {
  readonly name: string
  readonly match: Readonly<Record<string, unknown>>
  readonly assign: readonly string[]
  /** `isIn` asks by the name that the group had when the policy was written; a rename changes nothing. */
  readonly holds: (person: Person, isIn: (team: string) => boolean) => boolean
}

export interface Policy {
  readonly name: string
  readonly integration: string
  readonly cardinality: 'One' | 'Many'
  readonly default?: string
  readonly rules: readonly Rule[]
  /** The company as it was when the policy was written. */
  readonly founding: Company
}

const mentions = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** One laptop for each: the first rule that matches decides. */
export const laptops: Policy = {
  name: 'laptops',
  integration: 'contoso-entra',
  cardinality: 'One',
  default: 'standard-laptop',
  founding: contoso,
  rules: [
    {
      name: 'contractors',
      match: { anyGroup: [{ displayName: 'Contractors' }] },
      assign: ['locked-down-laptop'],
      holds: (_person, isIn) => isIn('Contractors'),
    },
    {
      name: 'heads',
      match: {
        allGroups: [{ displayName: 'Leadership' }, { displayName: 'All Staff' }],
        where: 'title sw "Head of"',
      },
      assign: ['executive-laptop'],
      holds: (person, isIn) => isIn('Leadership') && isIn('All Staff') && person.title.startsWith('Head of'),
    },
    {
      name: 'engineers',
      match: {
        anyGroup: [
          { displayName: 'ENGINEERING' },
          { externalId: teamNamed(contoso, 'Platform').sourceId },
          { displayName: 'Développement' },
        ],
        noGroup: [{ displayName: 'Sales' }],
        where: 'title co "Engineer" or title sw "développeu" or title sw "Ingénieure"',
      },
      assign: ['developer-workstation'],
      holds: (person, isIn) =>
        (isIn('Engineering') || isIn('Platform') || isIn('Développement')) &&
        !isIn('Sales') &&
        (mentions(person.title, 'Engineer') || /^(développeu|ingénieure)/i.test(person.title)),
    },
    {
      name: 'designers',
      match: { where: `${enterprise}:department eq "design"` },
      assign: ['studio-laptop'],
      holds: (person) => person.department === 'Design',
    },
  ],
}

/** Applications: everyone gets what any rule gives. */
export const applications: Policy = {
  name: 'applications',
  integration: 'globex-okta',
  cardinality: 'Many',
  founding: globex,
  rules: [
    {
      name: 'everybody',
      match: { where: 'userName pr' },
      assign: ['mail', 'chat'],
      holds: () => true,
    },
    {
      name: 'engineering',
      match: { anyGroup: [{ displayName: 'Engineering' }, { displayName: 'Platform' }] },
      assign: ['git', 'ci'],
      holds: (_person, isIn) => isIn('Engineering') || isIn('Platform'),
    },
    {
      name: 'money',
      match: {
        anyGroup: [{ displayName: 'Finance' }],
        where: `${enterprise}:department eq "Finance" and not (title co "Manager")`,
      },
      assign: ['erp', 'mail'],
      holds: (person, isIn) =>
        isIn('Finance') && person.department === 'Finance' && !mentions(person.title, 'Manager'),
    },
    {
      name: 'vault',
      match: {
        allGroups: [{ displayName: 'Security' }, { displayName: 'Engineering' }],
        noGroup: [{ displayName: 'Contractors' }],
      },
      assign: ['vault'],
      holds: (_person, isIn) => isIn('Security') && isIn('Engineering') && !isIn('Contractors'),
    },
    {
      name: 'leaders',
      match: { where: 'title sw "Head of" or title co "manager"' },
      assign: ['people-reports'],
      holds: (person) => person.title.startsWith('Head of') || mentions(person.title, 'Manager'),
    },
    {
      name: 'tokyo',
      match: { anyGroup: [{ displayName: '東京オフィス' }] },
      assign: ['文書管理'],
      holds: (_person, isIn) => isIn('東京オフィス'),
    },
    {
      name: 'private address',
      match: { where: 'emails[type eq "home" and value ew "@mail.example"]' },
      assign: ['mail-forwarding'],
      holds: (person) =>
        person.emails.some(({ type, value }) => type === 'home' && value.endsWith('@mail.example')),
    },
  ],
}

const namespace = 'demo'

const policyManifest = (policy: Policy): unknown => ({
  apiVersion: 'scim-operator.io/v1alpha1',
  kind: 'ScimAssignmentPolicy',
  metadata: { name: policy.name, namespace },
  spec: {
    integrationRef: { name: policy.integration },
    cardinality: policy.cardinality,
    ...(policy.default === undefined ? {} : { default: policy.default }),
    mode: 'Enforce',
    rules: policy.rules.map(({ name, match, assign }) => ({ name, match, assign })),
  },
})

const integrationManifest = (name: string, displayName: string, type: 'EntraID' | 'Okta'): unknown => ({
  apiVersion: 'scim-operator.io/v1alpha1',
  kind: 'ScimIntegration',
  metadata: { name, namespace },
  spec: {
    displayName,
    identityProvider: { type },
    readers: [{ name: 'demo-reader' }],
    // Both identity providers push as fast as they can; a real one is content with the default of 100.
    limits: { requestsPerSecond: 10_000, burst: 20_000 },
  },
})

/** File name -> YAML: the whole manifests folder of the demo. */
export const manifests: Readonly<Record<string, string>> = {
  'contoso.yaml': [
    integrationManifest('contoso-entra', 'Contoso (Entra ID)', 'EntraID'),
    policyManifest(laptops),
  ]
    .map((object) => stringify(object))
    .join('---\n'),
  'globex.yaml': [integrationManifest('globex-okta', 'Globex (Okta)', 'Okta'), policyManifest(applications)]
    .map((object) => stringify(object))
    .join('---\n'),
}
