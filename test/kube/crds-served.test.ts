/** What people and programs see of both kinds on a real API server: health, defaults, columns, selectors, status. */

import { expect, test } from 'vitest'
import { z } from 'zod'
import { crds } from '#operator/api/crd.ts'
import type { KubeObject } from '#operator/kube.ts'
import { anIntegration, aPolicy } from '#test/kit/manifests.ts'
import { api, kubectl, newNamespace } from './kit.ts'

const base = '/apis/scim-operator.io/v1alpha1/namespaces'

/** Stores both in a namespace of their own and returns its name. */
async function stored(...objects: readonly KubeObject[]): Promise<string> {
  const namespace = await newNamespace('served')
  for (const object of objects) {
    const plural = object.kind === 'ScimIntegration' ? 'scimintegrations' : 'scimassignmentpolicies'
    const metadata = { ...object.metadata, namespace }
    const created = await api('POST', `${base}/${namespace}/${plural}`, { ...object, metadata })
    expect(created).toMatchObject({ status: 201 })
  }
  return namespace
}

/** The lines of a table, cells apart by two spaces or more. */
const table = (text: string): readonly (readonly string[])[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))

const Conditions = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
})

test.for(crds().map(({ metadata }) => metadata.name))(
  'the definition %s is accepted whole: names, structure, rules',
  async (name) => {
    const { body } = await api('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)
    const conditions = Conditions.parse(body).status.conditions.map(({ type, status }) => `${type} ${status}`)
    expect(conditions.toSorted()).toEqual(['Established True', 'NamesAccepted True'])
  },
)

test('an integration gets every default, at every depth', async () => {
  const namespace = await stored(anIntegration('okta', { readers: [{ name: 'app' }] }))
  const { body } = await api('GET', `${base}/${namespace}/scimintegrations/okta`)
  const rotation = { overlapSeconds: 86_400 }
  expect(body['spec']).toEqual({
    displayName: 'okta',
    adoptionPolicy: 'Never',
    state: 'Active',
    managementPolicy: 'Full',
    deletionPolicy: 'Retain',
    deletionGraceSeconds: 0,
    identityProvider: { type: 'Generic' },
    readers: [{ name: 'app', ttlSeconds: 15_552_000, rotation }],
    endpoint: { path: '/scim/v2' },
    token: { source: 'Generated', ttlSeconds: 15_552_000, rotation },
    limits: {
      maxUsers: 1_000_000,
      maxGroupMembers: 1_000_000,
      requestsPerSecond: 100,
      burst: 200,
      maxPayloadBytes: 10_485_760,
    },
  })
})

test('defaults fill up what is given in part', async () => {
  const given = {
    endpoint: { ingress: { tls: { secretName: 's', issuerRef: { name: 'i' } } } },
    token: { source: 'SecretRef', secretRef: { name: 's' }, rotation: { requestID: 'r' } },
  }
  const namespace = await stored(anIntegration('okta', given))
  const { body } = await api('GET', `${base}/${namespace}/scimintegrations/okta`)
  expect(body['spec']).toMatchObject({
    endpoint: { path: '/scim/v2', ingress: { tls: { issuerRef: { kind: 'ClusterIssuer' } } } },
    token: { secretRef: { key: 'token' }, rotation: { requestID: 'r', overlapSeconds: 86_400 } },
  })
})

test('a field that nobody knows is refused by name when a person applies it', async () => {
  const namespace = await newNamespace('served')
  const misspelt = anIntegration('okta', { dispalyName: 'Okta' }, { namespace })
  const path = `${base}/${namespace}/scimintegrations?fieldValidation=Strict`
  const { status, body } = await api('POST', path, misspelt)
  expect([status, body['message']]).toEqual([
    400,
    expect.stringContaining('unknown field "spec.dispalyName"'),
  ])
})

test('the status is written apart: by its subresource alone, and without a new generation', async () => {
  const namespace = await stored(anIntegration('okta'))
  const path = `${base}/${namespace}/scimintegrations/okta`
  const merge = 'application/merge-patch+json'
  const changes = { spec: { state: 'Disabled' }, status: { tenantID: 'acme' } }
  await api('PATCH', path, changes, merge)
  const { body: bySpec } = await api('GET', path)
  expect(bySpec).toMatchObject({ spec: { state: 'Disabled' }, metadata: { generation: 2 } })
  expect(bySpec).not.toHaveProperty('status')
  await api('PATCH', `${path}/status`, { ...changes, spec: { state: 'Active' } }, merge)
  expect((await api('GET', path)).body).toMatchObject({
    spec: { state: 'Disabled' },
    status: { tenantID: 'acme' },
    metadata: { generation: 2 },
  })
})

const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: 'All is well.' }
const status = {
  conditions: [{ ...ready, lastTransitionTime: '2026-11-22T10:00:00Z' }],
  baseURL: 'https://acme.scim.test/scim/v2',
  tokens: [
    { id: 'old', state: 'Retiring', createdTime: '2026-01-01T00:00:00Z' },
    {
      id: 'new',
      state: 'Active',
      createdTime: '2026-11-22T10:00:00Z',
      expirationTime: '2126-11-22T10:00:00Z',
    },
  ],
}

test('kubectl get shows an integration in one line: state, identity provider, URL, end of its token', async () => {
  const namespace = await stored(anIntegration('okta', { identityProvider: { type: 'Okta' } }))
  const path = `${base}/${namespace}/scimintegrations/okta/status`
  const written = await api('PATCH', path, { status }, 'application/merge-patch+json')
  expect(written).toMatchObject({ status: 200 })
  const [head, line] = table(await kubectl('get', 'scimi', '--namespace', namespace))
  expect(head).toEqual(['NAME', 'READY', 'IDP', 'URL', 'TOKEN-EXPIRES', 'AGE'])
  const url = 'https://acme.scim.test/scim/v2'
  expect(line?.slice(0, 5)).toEqual(['okta', 'True', 'Okta', url, '2126-11-22T10:00:00Z'])
  const [wide] = table(await kubectl('get', 'scimi', '--namespace', namespace, '--output=wide'))
  expect(wide).toEqual(['NAME', 'READY', 'REASON', 'IDP', 'URL', 'TOKEN-EXPIRES', 'PAUSED', 'AGE'])
})

test('kubectl get shows a policy in one line: whose it is, how it decides, how many users it reaches', async () => {
  const namespace = await stored(aPolicy('laptops'))
  const path = `${base}/${namespace}/scimassignmentpolicies/laptops/status`
  await api('PATCH', path, { status: { ...status, users: 12 } }, 'application/merge-patch+json')
  const [head, line] = table(await kubectl('get', 'scimap', '--namespace', namespace))
  expect(head).toEqual(['NAME', 'INTEGRATION', 'CARDINALITY', 'MODE', 'USERS', 'READY', 'AGE'])
  expect(line?.slice(0, 6)).toEqual(['laptops', 'okta', 'One', 'Enforce', '12', 'True'])
})

test('kubectl get scim lists both kinds', async () => {
  const namespace = await stored(anIntegration('okta'), aPolicy('laptops'))
  const names = await kubectl('get', 'scim', '--namespace', namespace, '--output=name')
  expect(names.trimEnd().split('\n').toSorted()).toEqual([
    'scimassignmentpolicy.scim-operator.io/laptops',
    'scimintegration.scim-operator.io/okta',
  ])
})

test.for([
  ['scimi', 'spec.identityProvider.type=Okta', 'scimintegration.scim-operator.io/okta'],
  ['scimi', 'spec.state=Disabled', 'scimintegration.scim-operator.io/other'],
  ['scimap', 'spec.integrationRef.name=okta', 'scimassignmentpolicy.scim-operator.io/laptops'],
] as const)('%s are found by %s', async ([kind, selector, found]) => {
  const namespace = await stored(
    anIntegration('okta', { identityProvider: { type: 'Okta' } }),
    anIntegration('other', { state: 'Disabled' }),
    aPolicy('laptops'),
    aPolicy('badges', { integrationRef: { name: 'other' } }),
  )
  const flags = ['--namespace', namespace, '--field-selector', selector, '--output=name']
  expect((await kubectl('get', kind, ...flags)).trimEnd().split('\n')).toEqual([found])
})
