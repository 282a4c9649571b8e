import path from 'node:path'

import { expect, test } from 'vitest'

import { crds, outdatedCrds } from '#operator/api/crd.ts'

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
