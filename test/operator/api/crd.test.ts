import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { crds, outdatedCrds } from '#operator/api/crd.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { anIntegration, aPolicy } from '#test/kit/manifests.ts'
import { temporaryKubeFolder } from '#test/kit/kube-folder.ts'

import type { OpenApiSchema } from '#operator/api/crd.ts'

const [integration, policy] = crds()

test.each(['crds', 'charts/scim-operator/files/crds'])(
  'the CRDs committed in %s are what the schemas say',
  async (folder) => {
    expect(await outdatedCrds(path.join(import.meta.dirname, '../../..', folder))).toEqual([])
  },
)

test('a CRD that differs is named', async () => {
  expect(await outdatedCrds('/nowhere')).toEqual([
    'scim-operator.io_scimintegrations.yaml',
    'scim-operator.io_scimassignmentpolicies.yaml',
  ])
})

test('people find the kinds by short names, a category, columns and fields', () => {
  const of = (document: typeof integration) => {
    const { names, versions } = document!.spec
    return [
      names.shortNames,
      names.categories,
      versions[0]?.additionalPrinterColumns.map(({ name }) => name),
      versions[0]?.selectableFields.map(({ jsonPath }) => jsonPath),
    ]
  }
  expect(of(integration)).toEqual([
    ['scimi'],
    ['scim'],
    ['Ready', 'Reason', 'IdP', 'URL', 'Token-Expires', 'Paused', 'Age'],
    ['.spec.identityProvider.type', '.spec.state'],
  ])
  expect(of(policy)).toEqual([
    ['scimap'],
    ['scim'],
    ['Integration', 'Cardinality', 'Mode', 'Users', 'Ready', 'Age'],
    ['.spec.integrationRef.name'],
  ])
})

/** Every node with its path. */
function* nodes(schema: OpenApiSchema, at: string): Generator<readonly [string, OpenApiSchema]> {
  yield [at, schema]
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* nodes(child, `${at}.${name}`)
  if (schema.items !== undefined) yield* nodes(schema.items, `${at}[]`)
}

const allNodes = crds().flatMap(({ spec }) =>
  nodes(spec.versions[0]!.schema.openAPIV3Schema, spec.names.kind).toArray(),
)

test('the schemas are structural: every node has a type, and none of the keywords that Kubernetes refuses', () => {
  const known = new Set(
    `type description format default enum pattern required properties items minLength maxLength minimum maximum
     minItems maxItems x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-validations`.split(
      /\s+/,
    ),
  )
  for (const [at, schema] of allNodes) {
    expect([at, typeof schema.type]).toEqual([at, 'string'])
    expect([at, Object.keys(schema).filter((key) => !known.has(key))]).toEqual([at, []])
  }
})

/** Fields that Kubernetes itself fills in, and bounds. */
const isTypeMeta = (at: string) => /^\w+\.(apiVersion|kind)$/.test(at)

test('every text, list and number is bounded, since CEL is only allowed on what is', () => {
  const unbounded = allNodes.filter(([at, schema]) => {
    if (schema.type === 'string')
      return schema.maxLength === undefined && schema.enum === undefined && !isTypeMeta(at)
    if (schema.type === 'array') return schema.maxItems === undefined
    return schema.type === 'integer' && schema.maximum === undefined
  })
  expect(unbounded.map(([at]) => at)).toEqual([])
})

test('every rule uses base CEL and has a message for the person at the keyboard', () => {
  for (const [at, schema] of allNodes) {
    for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
      expect([at, rule.match(/isURL|quantity|format\.|optional|ip\(|cidr/)]).toEqual([at, null])
      expect(message?.length).toBeGreaterThan(10)
    }
  }
})

describe('an API server that enforces them', () => {
  const byPolicy = { name: 'policy', namespace: 'acme' }

  test.for([
    ['an integration with nothing but a name', anIntegration('ok')],
    [
      'a token from a Secret',
      anIntegration('ok', { token: { source: 'SecretRef', secretRef: { name: 's' } } }),
    ],
    [
      'a day of life with a shorter overlap',
      anIntegration('ok', { token: { ttlSeconds: 86_400, rotation: { overlapSeconds: 60 } } }),
    ],
    ['a policy', aPolicy('policy', { integrationRef: { name: 'ok' } })],
  ] as const)('takes %s', async ([, object]) => {
    await using folder = await temporaryKubeFolder()
    const created = await folder.kube.create(object)
    expect(created.metadata.uid).toBeDefined()
  })

  test('fills in the defaults that the operator reads', async () => {
    await using folder = await temporaryKubeFolder()
    const created = await folder.kube.create(anIntegration('ok', { readers: [{ name: 'app' }] }))
    expect(created['spec']).toMatchObject({
      deletionPolicy: 'Retain',
      state: 'Active',
      endpoint: { path: '/scim/v2' },
      token: { source: 'Generated', ttlSeconds: 15_552_000, rotation: { overlapSeconds: 86_400 } },
      readers: [{ name: 'app', ttlSeconds: 15_552_000, rotation: { overlapSeconds: 86_400 } }],
      limits: { maxUsers: 1_000_000, requestsPerSecond: 100, burst: 200, maxPayloadBytes: 10_485_760 },
    })
  })

  test.for([
    ['an empty displayName', 'displayName', anIntegration('x', { displayName: '' })],
    ['a displayName of 121 characters', 'displayName', anIntegration('x', { displayName: 'n'.repeat(121) })],
    ['a name of 51 characters', 'at most 50', anIntegration('n'.repeat(51))],
    ['a tenantID that is no DNS label', 'tenantID', anIntegration('x', { tenantID: 'Not_A_Label' })],
    [
      'Delete together with Observe',
      'deletionPolicy Delete',
      anIntegration('x', { deletionPolicy: 'Delete', managementPolicy: 'Observe' }),
    ],
    ['a path that ends in a slash', 'path', anIntegration('x', { endpoint: { path: '/scim/v2/' } })],
    ['a path that climbs', 'path', anIntegration('x', { endpoint: { path: '/../etc' } })],
    [
      'ingress settings for type None',
      'only for type Ingress',
      anIntegration('x', { endpoint: { type: 'None', ingress: {} } }),
    ],
    [
      'httpRoute settings for type Shared',
      'only for type HTTPRoute',
      anIntegration('x', { endpoint: { type: 'Shared', httpRoute: { parentRefs: [{ name: 'g' }] } } }),
    ],
    [
      'ingress and httpRoute settings at once',
      'exclude each other',
      anIntegration('x', { endpoint: { ingress: {}, httpRoute: { parentRefs: [{ name: 'g' }] } } }),
    ],
    [
      'source SecretRef without a Secret',
      'needs secretRef',
      anIntegration('x', { token: { source: 'SecretRef' } }),
    ],
    [
      'a Secret for source Generated',
      'takes no secretRef',
      anIntegration('x', { token: { secretRef: { name: 's' } } }),
    ],
    [
      'a delivery for source SecretRef',
      'takes no delivery',
      anIntegration('x', { token: { source: 'SecretRef', secretRef: { name: 's' }, delivery: {} } }),
    ],
    [
      'an overlap as long as the life of the token',
      'less than ttlSeconds',
      anIntegration('x', { token: { ttlSeconds: 86_400 } }),
    ],
    [
      'an overlap as long as the life of a reader’s token',
      'less than ttlSeconds',
      anIntegration('x', { readers: [{ name: 'a', ttlSeconds: 86_400 }] }),
    ],
    ['two readers of one name', 'readers', anIntegration('x', { readers: [{ name: 'a' }, { name: 'a' }] })],
    ['a token for a minute', 'ttlSeconds', anIntegration('x', { token: { ttlSeconds: 60 } })],
    ['a mode that does not exist yet', 'mode', aPolicy('p', { mode: 'Preview' })],
    ['a policy without cardinality', 'cardinality', aPolicy('p', { cardinality: undefined })],
    [
      'a default under Many',
      'default is only for cardinality One',
      aPolicy('p', { default: 'v', cardinality: 'Many' }),
    ],
    [
      'a rule that matches nothing in particular',
      'at least one of',
      aPolicy('p', { rules: [{ name: 'a', match: {}, assign: ['v'] }] }),
    ],
    [
      'a selector with two names',
      'exactly one of',
      aPolicy('p', {
        rules: [{ name: 'a', match: { anyGroup: [{ displayName: 'a', externalId: 'b' }] }, assign: ['v'] }],
      }),
    ],
    [
      'two rules of one name',
      'unique',
      aPolicy('p', {
        rules: ['v', 'w'].map((v) => ({ name: 'a', match: { where: 'active eq true' }, assign: [v] })),
      }),
    ],
  ] as const)('refuses %s', async ([, reason, object]) => {
    await using folder = await temporaryKubeFolder()
    await expect(folder.kube.create(object)).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining(reason),
    })
  })

  test('lets nobody move a policy to another integration', async () => {
    await using folder = await temporaryKubeFolder()
    const options = { fieldManager: 'person', force: true }
    await folder.kube.apply(aPolicy('policy'), options)
    const moved = aPolicy('policy', { integrationRef: { name: 'other' } })
    await expect(folder.kube.apply(moved, options)).rejects.toThrow('integrationRef cannot be changed')
    expect(await folder.kube.get(scimAssignmentPolicy, byPolicy)).toMatchObject({
      spec: { integrationRef: { name: 'okta' } },
    })
  })

  test('lets nobody change the tenantID of a tenant that exists', async () => {
    await using folder = await temporaryKubeFolder()
    const options = { fieldManager: 'person', force: true }
    const applied = await folder.kube.apply(anIntegration('okta', { tenantID: 'first' }), options)
    await folder.kube.applyStatus(
      { ...applied, status: { tenantID: 'first' } },
      { fieldManager: 'scim-operator' },
    )
    const changed = anIntegration('okta', { tenantID: 'second' })
    await expect(folder.kube.apply(changed, options)).rejects.toThrow('cannot be changed')
    expect(await folder.kube.get(scimIntegration, { namespace: 'acme', name: 'okta' })).toMatchObject({
      spec: { tenantID: 'first' },
    })
  })
})
