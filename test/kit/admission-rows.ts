/** Objects of both kinds that an API server takes and that it refuses; whoever plays an API server runs the same table. */

import type { KubeObject } from '#operator/kube.ts'
import { anIntegration, aPolicy } from './manifests.ts'

export interface TakenRow {
  readonly title: string
  readonly object: KubeObject
}

export interface RefusedRow extends TakenRow {
  /** Where the rule stands that refuses it, e.g. `spec.readers[0]`; empty for the whole object. */
  readonly field: string
  /** The message of the rule. */
  readonly message: string
  /** What is there before, for rules that compare; a status is written as the operator writes one. */
  readonly before: KubeObject | undefined
}

const token = (fields: object) => anIntegration('x', { token: fields })
const endpoint = (fields: object) => anIntegration('x', { endpoint: fields })
const rule = (name: string, match: object = { where: 'active eq true' }) => ({ name, match, assign: ['v'] })
const matching = (match: object) => aPolicy('x', { rules: [rule('a', match)] })

const secret = { source: 'SecretRef', secretRef: { name: 's' } }
const gateway = { parentRefs: [{ name: 'gateway' }] }
const staff = { displayName: 'Staff' }

export const takenRows: readonly TakenRow[] = [
  { title: 'an integration with nothing but a name', object: anIntegration('x') },
  {
    title: 'fields that were left empty, as if they were not there',
    object: anIntegration('x', { tenantID: null, token: null, limits: { burst: null } }),
  },
  { title: 'a name of 50 characters', object: anIntegration('n'.repeat(50)) },
  { title: 'a token from a Secret', object: token(secret) },
  {
    title: 'an overlap one second shorter than the life of the token',
    object: token({ ttlSeconds: 86_400, rotation: { overlapSeconds: 86_399 } }),
  },
  { title: 'a route of a gateway', object: endpoint({ type: 'HTTPRoute', httpRoute: gateway }) },
  {
    title: 'settings of an Ingress while the type is left to the operator',
    object: endpoint({ ingress: { className: 'nginx' } }),
  },
  {
    title: 'Delete under Full management',
    object: anIntegration('x', { deletionPolicy: 'Delete', deletionGraceSeconds: 86_400 }),
  },
  { title: 'a policy with one rule', object: aPolicy('x') },
  { title: 'a policy without a rule', object: aPolicy('x', { rules: [] }) },
  { title: 'a default under One', object: aPolicy('x', { default: 'v' }) },
  {
    title: 'every way to name a group',
    object: matching({ anyGroup: [staff], noGroup: [{ externalId: 'e' }] }),
  },
  {
    // What the rules cost is limited when they run, by the size of the object.
    title: 'a policy of 256 rules whose names and selectors are as long as may be',
    object: aPolicy('n'.repeat(50), {
      rules: Array.from({ length: 256 }, (_, index) =>
        rule(`${'n'.repeat(60)}${String(index).padStart(3, '0')}`, {
          anyGroup: Array.from({ length: 8 }, () => ({ displayName: 'g'.repeat(256) })),
        }),
      ),
    }),
  },
]

const nameOfIntegration =
  'metadata.name must have at most 50 characters, since the names of its objects are built from it'
const tenantID = 'spec.tenantID cannot be changed once the tenant exists: it must equal status.tenantID'
const source = 'source SecretRef needs secretRef and takes no delivery; source Generated takes no secretRef'
const overlap = 'rotation.overlapSeconds (86400 unless given) must be less than ttlSeconds'
const oneName = 'exactly one of displayName, externalId and id names the group'

const provisioned = (status: object): KubeObject => ({ ...anIntegration('x'), status })

/** Title, field, message, object, and what was there before. */
type Row = readonly [string, string, string, KubeObject, KubeObject?]

const rows: readonly Row[] = [
  ['an integration with a name of 51 characters', '', nameOfIntegration, anIntegration('n'.repeat(51))],
  [
    'a tenantID that differs from the one that the tenant has',
    '',
    tenantID,
    anIntegration('x', { tenantID: 'second' }),
    provisioned({ tenantID: 'first' }),
  ],
  [
    'Delete together with Observe',
    'spec',
    'deletionPolicy Delete cannot be combined with managementPolicy Observe',
    anIntegration('x', { deletionPolicy: 'Delete', managementPolicy: 'Observe' }),
  ],
  [
    'settings of a route for type Shared',
    'spec.endpoint',
    'httpRoute is only for type HTTPRoute',
    endpoint({ type: 'Shared', httpRoute: gateway }),
  ],
  [
    'settings of an Ingress for type None',
    'spec.endpoint',
    'ingress is only for type Ingress',
    endpoint({ type: 'None', ingress: {} }),
  ],
  [
    'settings of both at once',
    'spec.endpoint',
    'httpRoute and ingress exclude each other',
    endpoint({ ingress: {}, httpRoute: gateway }),
  ],
  ['source SecretRef without a Secret', 'spec.token', source, token({ source: 'SecretRef' })],
  ['a Secret for source Generated', 'spec.token', source, token({ secretRef: { name: 's' } })],
  ['a delivery for source SecretRef', 'spec.token', source, token({ ...secret, delivery: {} })],
  ['an overlap as long as the life of the token', 'spec.token', overlap, token({ ttlSeconds: 86_400 })],
  [
    'an overlap as long as the life of a reader’s token',
    'spec.readers[1]',
    overlap,
    anIntegration('x', { readers: [{ name: 'a' }, { name: 'b', ttlSeconds: 86_400 }] }),
  ],
  [
    'a policy with a name of 51 characters',
    '',
    'metadata.name must have at most 50 characters',
    aPolicy('n'.repeat(51)),
  ],
  [
    'a policy that is moved to another integration',
    'spec.integrationRef',
    'integrationRef cannot be changed',
    aPolicy('x', { integrationRef: { name: 'other' } }),
    aPolicy('x'),
  ],
  [
    'a default under Many',
    'spec',
    'default is only for cardinality One',
    aPolicy('x', { default: 'v', cardinality: 'Many' }),
  ],
  [
    'two rules of one name',
    'spec.rules',
    'rule names are unique',
    aPolicy('x', { rules: [rule('a'), rule('b'), rule('a')] }),
  ],
  [
    'a rule that asks nothing of a user',
    'spec.rules[0].match',
    'at least one of anyGroup, allGroups, noGroup and where is needed',
    matching({}),
  ],
  [
    'a group with two names',
    'spec.rules[0].match.anyGroup[1]',
    oneName,
    matching({ anyGroup: [staff, { ...staff, externalId: 'e' }] }),
  ],
  ['a group without a name', 'spec.rules[0].match.allGroups[0]', oneName, matching({ allGroups: [{}] })],
  [
    'a group with three names',
    'spec.rules[0].match.noGroup[0]',
    oneName,
    matching({
      noGroup: [{ ...staff, externalId: 'e', id: '00000000-0000-4000-8000-000000000000' }],
    }),
  ],
]

export const refusedRows: readonly RefusedRow[] = rows.map(([title, field, message, object, before]) => ({
  title,
  field,
  message,
  object,
  before,
}))
