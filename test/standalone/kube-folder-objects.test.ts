import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import { parse } from 'yaml'

import {
  childSecret,
  integrationYaml,
  integrations,
  secrets,
  temporaryKubeFolder,
} from '#test/kit/kube-folder.ts'

import type { KubeObject } from '#operator/kube.ts'
import type { TemporaryFolder } from '#test/kit/kube-folder.ts'

const ours = { fieldManager: 'scim-operator', force: true }

const okta = async (folder: TemporaryFolder): Promise<KubeObject> =>
  (await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' }))!

const status = (values: Readonly<Record<string, unknown>>): KubeObject => ({
  apiVersion: integrations.apiVersion,
  kind: integrations.kind,
  metadata: { namespace: 'acme', name: 'okta' },
  status: values,
})

const condition = (type: string, reason: string) => ({
  type,
  status: 'True',
  reason,
  message: '',
  lastTransitionTime: '2026-11-22T12:00:00Z',
})

test('a Secret stands as a file that only its owner can read, as kubectl would print it', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await folder.kube.apply(childSecret(await okta(folder), 'delivery', { token: 'YQ==' }), ours)
  const path = 'acme/secrets/delivery.yaml'
  expect(parse(await folder.read(path))).toMatchObject({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'delivery', namespace: 'acme', uid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    data: { token: 'YQ==' },
  })
  expect((await stat(join(folder.state, path))).mode & 0o777).toBe(0o600)
})

test('a second start finds the same objects with the same uids and versions', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await folder.kube.apply(childSecret(await okta(folder), 'delivery', { token: 'YQ==' }), ours)
  await folder.kube.applyStatus(status({ tenantID: 't' }), ours)
  const before = [await folder.kube.list(integrations), await folder.kube.list(secrets)]
  await folder.restart()
  const after = [await folder.kube.list(integrations), await folder.kube.list(secrets)]
  expect(after.map(({ items }) => items)).toEqual(before.map(({ items }) => items))
  expect(Number(after[0]!.resourceVersion)).toBeGreaterThan(Number(before[0]!.resourceVersion))
})

test('applying what is there already changes nothing, not even the version', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const secret = childSecret(await okta(folder), 'delivery', { token: 'YQ==' })
  const first = await folder.kube.apply(secret, ours)
  expect(await folder.kube.apply(secret, ours)).toEqual(first)
  const reported = await folder.kube.applyStatus(
    status({ conditions: [condition('Ready', 'Available')] }),
    ours,
  )
  expect(
    await folder.kube.applyStatus(status({ conditions: [condition('Ready', 'Available')] }), ours),
  ).toEqual(reported)
})

test('a field that is applied no more goes, a field of somebody else stays', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const owner = await okta(folder)
  await folder.kube.apply(childSecret(owner, 'hash', { a: 'YQ==', b: 'Yg==' }), ours)
  const labelled = {
    ...childSecret(owner, 'hash', {}),
    metadata: { namespace: 'acme', name: 'hash', labels: { team: 'x' } },
  }
  await folder.kube.apply(labelled, { fieldManager: 'someone', force: false })
  const { data, metadata } = await folder.kube.apply(childSecret(owner, 'hash', { b: 'Yg==' }), ours)
  expect(data).toEqual({ b: 'Yg==' })
  expect(metadata.labels).toEqual({ team: 'x', 'scim-operator.io/managed': 'true' })
})

test('without force a field of another manager is refused, naming field and manager; with force it is taken', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const owner = await okta(folder)
  await folder.kube.apply(childSecret(owner, 'hash', { a: 'YQ==' }), ours)
  const other = childSecret(owner, 'hash', { a: 'Yg==' })
  await expect(folder.kube.apply(other, { fieldManager: 'someone', force: false })).rejects.toMatchObject({
    code: 409,
    reason: 'Conflict',
    message: 'Secret acme/hash: .data.a belong to scim-operator',
  })
  expect((await folder.kube.apply(other, { fieldManager: 'someone', force: true }))['data']).toEqual({
    a: 'Yg==',
  })
  // Taken over: what was ours is no longer ours to remove.
  expect((await folder.kube.apply(childSecret(owner, 'hash', { b: 'Yg==' }), ours))['data']).toEqual({
    a: 'Yg==',
    b: 'Yg==',
  })
})

test('conditions of two managers live side by side in one status', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await folder.kube.applyStatus(status({ conditions: [condition('Ready', 'Available')] }), ours)
  await folder.kube.applyStatus(status({ conditions: [condition('Extra', 'Known')] }), {
    fieldManager: 'other',
  })
  const object = await folder.kube.applyStatus(status({ conditions: [condition('Ready', 'Disabled')] }), ours)
  expect(object['status']).toMatchObject({
    conditions: [{ type: 'Ready', reason: 'Disabled' }, { type: 'Extra' }],
  })
})

test('a status says nothing about the generation, a changed spec does', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const object = await folder.kube.applyStatus(status({ tenantID: 't' }), ours)
  expect(object.metadata.generation).toBe(1)
  await folder.write('a.yaml', integrationYaml('okta', { state: 'Disabled' }))
  await folder.until(integrations, 'okta', (found) => found?.metadata.generation === 2)
  expect((await okta(folder))['status']).toEqual({ tenantID: 't' })
})

test('a status that the schema refuses is refused, and so is one of an object that is not there', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await expect(folder.kube.applyStatus(status({ observedGeneration: 'one' }), ours)).rejects.toMatchObject({
    reason: 'Invalid',
    message: 'status.observedGeneration: must be a whole number, not "one"',
  })
  const nobody = { ...status({}), metadata: { namespace: 'acme', name: 'nobody' } }
  await expect(folder.kube.applyStatus(nobody, ours)).rejects.toMatchObject({ reason: 'NotFound' })
})

test('create refuses a name that is taken', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const secret = childSecret(await okta(folder), 'delivery', { token: 'YQ==' })
  await folder.kube.create(secret)
  await expect(folder.kube.create(secret)).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' })
})

test('the data of an immutable Secret stays, its annotations may change', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const secret = { ...childSecret(await okta(folder), 'delivery', { token: 'YQ==' }), immutable: true }
  await folder.kube.apply(secret, ours)
  await expect(folder.kube.apply({ ...secret, data: { token: 'Yg==' } }, ours)).rejects.toMatchObject({
    reason: 'Invalid',
  })
  const metadata = { ...secret.metadata, annotations: { seen: 'yes' } }
  expect((await folder.kube.apply({ ...secret, metadata }, ours)).metadata.annotations).toEqual({
    seen: 'yes',
  })
})

test('finalizers are set under the version that was read, and hold the object until the last one goes', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const read = await okta(folder)
  const held = await folder.kube.setFinalizers(read, integrations, ['scim-operator.io/tenant'])
  await expect(folder.kube.setFinalizers(read, integrations, [])).rejects.toMatchObject({
    reason: 'Conflict',
  })
  await folder.kube.delete(integrations, held.metadata)
  const leaving = await okta(folder)
  expect(leaving.metadata).toMatchObject({ deletionTimestamp: expect.any(String), generation: 2 })
})

test('children go with their owner, and only with that incarnation of it', async () => {
  await using folder = await temporaryKubeFolder()
  const owner = await folder.kube.create(JSON.parse(integrationYaml('okta')))
  await folder.kube.apply(childSecret(owner, 'delivery', { token: 'YQ==' }), ours)
  await folder.kube.delete(integrations, owner.metadata, { uid: 'another' })
  expect(await folder.kube.get(secrets, { namespace: 'acme', name: 'delivery' })).toBeDefined()
  await folder.kube.delete(integrations, owner.metadata, { uid: owner.metadata.uid! })
  expect(await folder.kube.get(secrets, { namespace: 'acme', name: 'delivery' })).toBeUndefined()
  await folder.kube.delete(integrations, owner.metadata)
})

test('lists are chosen by namespace and labels', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await folder.kube.apply(childSecret(await okta(folder), 'delivery', {}), ours)
  const names = async (options: Parameters<TemporaryFolder['kube']['list']>[1]) =>
    (await folder.kube.list(secrets, options)).items.map(({ metadata }) => metadata.name)
  expect(await names({ labels: { 'scim-operator.io/managed': 'true' } })).toEqual(['delivery'])
  expect(await names({ labels: { 'scim-operator.io/managed': 'no' } })).toEqual([])
  expect(await names({ namespace: 'other' })).toEqual([])
})

test('a route is accepted at once, since the server itself is its gateway', async () => {
  await using folder = await temporaryKubeFolder()
  const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'standalone' }
  const route = await folder.kube.apply(
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace: 'acme', name: 'okta-scim' },
      spec: { parentRefs: [parentRef], rules: [] },
    },
    ours,
  )
  expect(route['status']).toMatchObject({
    parents: [
      {
        parentRef,
        conditions: [
          { type: 'Accepted', status: 'True', observedGeneration: 1 },
          { type: 'ResolvedRefs', status: 'True', observedGeneration: 1 },
        ],
      },
    ],
  })
  const ingress = await folder.kube.apply(
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'acme', name: 'okta-scim' },
      spec: {},
    },
    ours,
  )
  expect(ingress['status']).toEqual({ loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } })
})

test('kinds that are served are known, others are refused as not found', async () => {
  await using folder = await temporaryKubeFolder()
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'acme', name: 'x' } }
  expect(
    await folder.kube.serves({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      plural: 'httproutes',
    }),
  ).toBe(true)
  expect(await folder.kube.serves({ apiVersion: 'v1', kind: 'Pod', plural: 'pods' })).toBe(false)
  await expect(folder.kube.create(pod)).rejects.toMatchObject({ code: 404, reason: 'NotFound' })
})

test('writers at once lose nothing', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const owner = await okta(folder)
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
  await Promise.all(
    keys.map((key) =>
      folder.kube.apply(
        { ...childSecret(owner, 'hash', { [key]: 'YQ==' }) },
        { fieldManager: `manager-${key}`, force: false },
      ),
    ),
  )
  const hash = await folder.kube.get(secrets, { namespace: 'acme', name: 'hash' })
  expect(Object.keys(hash!['data']!).toSorted()).toEqual(keys.toSorted())
})

test('a dry run is checked like a write and writes nothing', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const before = await okta(folder)
  const edited = { ...before, metadata: { namespace: 'acme', name: 'okta' } }
  await folder.kube.tryApply({ ...edited, spec: { displayName: 'Other' } }, ours)
  await expect(folder.kube.tryApply({ ...edited, spec: { displayName: '' } }, ours)).rejects.toMatchObject({
    reason: 'Invalid',
  })
  await folder.kube.tryApply(childSecret(before, 'new', { token: 'YQ==' }), ours)
  expect(await okta(folder)).toEqual(before)
  expect((await folder.kube.list(secrets)).items).toEqual([])
})
