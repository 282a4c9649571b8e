import { writeFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'

import { expect, test, vi } from 'vitest'

import { textAt } from '#operator/object-key.ts'
import { aCluster, secret, secretKind } from '#test/kube/adapter.ts'
import { testCluster } from '#test/kube/kit.ts'

import type { WatchEvent } from '#operator/kube.ts'

const eventKind = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' }

test('an object is created once, read, listed without what nobody reads, and deleted', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  expect(await cluster.get(secretKind, key)).toBeUndefined()
  const created = await cluster.create(secret(key, { a: 'MQ==' }))
  expect(created.metadata).toMatchObject({ ...key, uid: expect.any(String) })
  await expect(cluster.create(secret(key))).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' })
  const { items } = await cluster.list(secretKind, { namespace: key.namespace })
  expect(items).toEqual([await cluster.get(secretKind, key)])
  expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Secret', data: { a: 'MQ==' } })
  expect(items[0]?.metadata).not.toHaveProperty('managedFields')
  await cluster.delete(secretKind, key, { uid: 'another-one' })
  expect(await cluster.get(secretKind, key)).toBeDefined()
  await cluster.delete(secretKind, key, { uid: created.metadata.uid ?? '' })
  expect(await cluster.get(secretKind, key)).toBeUndefined()
  await cluster.delete(secretKind, key)
})

test('a list longer than a page is complete', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  const names = Array.from({ length: 510 }, (_, index) => `s-${String(index).padStart(3, '0')}`)
  await Promise.all(names.map((name) => cluster.create(secret({ ...key, name }))))
  const { items } = await cluster.list(secretKind, { namespace: key.namespace })
  expect(items.map(({ metadata }) => metadata.name)).toEqual(names)
})

test('apply takes over its own fields, and a conflict names the other manager unless it is forced', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  const ours = { fieldManager: 'ours', force: false }
  await cluster.apply(secret(key, { a: 'MQ==', b: 'MQ==' }), ours)
  const without = await cluster.apply(secret(key, { a: 'MQ==' }), ours)
  expect(without['data']).toEqual({ a: 'MQ==' })
  const theirs = cluster.apply(secret(key, { a: 'Mg==' }), { fieldManager: 'theirs', force: false })
  await expect(theirs).rejects.toMatchObject({ code: 409, reason: 'Conflict' })
  await expect(theirs).rejects.toThrow('conflict with "ours"')
  const forced = await cluster.apply(secret(key, { a: 'Mg==' }), { fieldManager: 'theirs', force: true })
  expect(forced['data']).toEqual({ a: 'Mg==' })
})

test('a status is applied to its own part of the object and to the incarnation that is meant', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  const { apiVersion, kind } = running.integrationKind
  const object = await cluster.create({ apiVersion, kind, metadata: key, spec: { displayName: 'Acme' } })
  const status = { tenantID: 'acme', observedGeneration: 1 }
  const { uid = '' } = object.metadata
  const written = await cluster.applyStatus(
    { apiVersion, kind, metadata: { ...key, uid }, status },
    { fieldManager: 'ours' },
  )
  expect(written['status']).toMatchObject(status)
  expect(written.metadata.generation).toBe(1)
  const other = { apiVersion, kind, metadata: { ...key, uid: 'another-one' }, status: { tenantID: 'other' } }
  await expect(cluster.applyStatus(other, { fieldManager: 'ours' })).rejects.toMatchObject({
    reason: 'Conflict',
  })
  expect((await cluster.get(running.integrationKind, key))?.['status']).toMatchObject(status)
})

test('a Lease that was deleted is made anew by one of those that held on to it', async () => {
  await using running = await aCluster()
  const { leases } = running.cluster
  const time = '2026-11-22T10:00:00.000000Z'
  const lease = await leases.create({
    ...running.key,
    holderIdentity: 'one',
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  })
  await running.cluster.delete(
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' },
    running.key,
  )
  await leases.replace({ ...lease, holderIdentity: 'two' })
  await expect(leases.replace({ ...lease, holderIdentity: 'three' })).rejects.toMatchObject({
    reason: 'Conflict',
  })
})

test('what the schema refuses is KubeError Invalid, in the words of the API server', async () => {
  await using running = await aCluster()
  const { apiVersion, kind } = running.integrationKind
  const wrong = running.cluster.create({ apiVersion, kind, metadata: running.key, spec: { displayName: '' } })
  await expect(wrong).rejects.toMatchObject({ code: 422, reason: 'Invalid' })
  await expect(wrong).rejects.toThrow('spec.displayName')
})

test('finalizers are set under the version that was seen, and hold the object until they are gone', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  const first = await cluster.create(secret(key))
  const held = await cluster.setFinalizers(first, secretKind, ['scim-operator.io/test'])
  expect(held.metadata.finalizers).toEqual(['scim-operator.io/test'])
  await expect(cluster.setFinalizers(first, secretKind, [])).rejects.toMatchObject({ reason: 'Conflict' })
  await cluster.delete(secretKind, key)
  const leaving = await cluster.get(secretKind, key)
  expect(leaving?.metadata.deletionTimestamp).toBeDefined()
  if (leaving !== undefined) await cluster.setFinalizers(leaving, secretKind, [])
  expect(await cluster.get(secretKind, key)).toBeUndefined()
})

test('a watch tells of labels that come and go, and of what happened before it began', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  const labels = { 'scim-operator.io/test': 'yes' }
  const { resourceVersion } = await cluster.list(secretKind, { namespace: key.namespace })
  const labelled = { ...secret(key), metadata: { ...key, labels } }
  const ours = { fieldManager: 'ours', force: false }
  await cluster.apply(labelled, ours)
  await cluster.apply({ ...labelled, data: { a: 'MQ==' } }, ours)
  await cluster.apply(secret(key), ours)
  const seen: WatchEvent[] = []
  const options = { namespace: key.namespace, labels, resourceVersion }
  for await (const event of cluster.watch(secretKind, options)) if (seen.push(event) === 3) break
  expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  expect(seen[0]).toMatchObject({ object: { apiVersion: 'v1', kind: 'Secret', metadata: key } })
})

test('an event is written once and then counted', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  const regarding = await cluster.create(secret(key))
  const note = {
    regarding,
    type: 'Warning',
    reason: 'Tested',
    action: 'Test',
    note: 'é'.repeat(2000),
  } as const
  const events = async () => (await cluster.list(eventKind, { namespace: key.namespace })).items
  cluster.recordEvent(note)
  await vi.waitFor(async () => expect(await events()).toHaveLength(1), 30_000)
  cluster.recordEvent(note)
  cluster.recordEvent(note)
  await vi.waitFor(async () => expect((await events())[0]?.['series']).toMatchObject({ count: 3 }), 30_000)
  const [event, ...others] = await events()
  expect(others).toEqual([])
  expect(event).toMatchObject({ type: 'Warning', reason: 'Tested', regarding: { name: key.name } })
  expect(textAt(event, 'eventTime')).toMatch(/\.\d{6}Z$/)
})

test('events that wait are written when the cluster is closed', async () => {
  await using watching = await aCluster()
  const { key } = watching
  {
    await using closing = await aCluster()
    const regarding = await closing.cluster.create(secret(key))
    closing.cluster.recordEvent({ regarding, type: 'Normal', reason: 'Last', action: 'Test', note: 'Bye.' })
  }
  const { items } = await watching.cluster.list(eventKind, { namespace: key.namespace })
  expect(items).toMatchObject([{ reason: 'Last', note: 'Bye.' }])
})

test('a Lease changes hands only under the version that was read', async () => {
  await using running = await aCluster()
  const { key } = running
  const { leases } = running.cluster
  expect(await leases.read(key)).toBeUndefined()
  const time = '2026-11-22T10:00:00.000000Z'
  const fresh = {
    ...key,
    holderIdentity: 'one',
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  }
  const first = await leases.create(fresh)
  expect(first).toEqual({ ...fresh, resourceVersion: expect.any(String) })
  await expect(leases.create(fresh)).rejects.toMatchObject({ reason: 'AlreadyExists' })
  const second = await leases.replace({ ...first, holderIdentity: 'two', leaseTransitions: 1 })
  expect(await leases.read(key)).toEqual(second)
  await expect(leases.replace(first)).rejects.toMatchObject({ reason: 'Conflict' })
  expect((await leases.replace({ ...second, holderIdentity: '' })).holderIdentity).toBe('')
})

test('what is served is found out, and what is not is no error', async () => {
  await using running = await aCluster()
  const { cluster } = running
  expect(await cluster.serves(running.integrationKind)).toBe(true)
  expect(await cluster.serves(secretKind)).toBe(true)
  expect(await cluster.serves({ ...running.integrationKind, kind: 'ScimNothing' })).toBe(false)
  expect(await cluster.serves({ apiVersion: 'nobody.example/v1', kind: 'Nothing', plural: 'nothings' })).toBe(
    false,
  )
})

test('who may not is told so: Forbidden, or Unauthorized without a valid token', async () => {
  await using nobody = await aCluster({ user: { as: 'nobody' } })
  await expect(nobody.cluster.list(secretKind)).rejects.toMatchObject({ code: 403, reason: 'Forbidden' })
  await using stranger = await aCluster({ user: { token: 'wrong' } })
  await expect(stranger.cluster.list(secretKind)).rejects.toMatchObject({ code: 401, reason: 'Unauthorized' })
})

test('many requests, one after the other and at once, share few connections', async () => {
  await using running = await aCluster()
  const { cluster, key } = running
  await cluster.create(secret(key))
  for (let time = 0; time < 100; time += 1) await cluster.get(secretKind, key)
  expect(running.proxy.connections).toBeLessThanOrEqual(4)
  await Promise.all(Array.from({ length: 300 }, () => cluster.get(secretKind, key)))
  expect(running.proxy.connections).toBeLessThanOrEqual(32 + 4)
})

test('a new CA is trusted as soon as its file has it', async () => {
  await using running = await aCluster({ ca: rootCertificates[0] ?? '' })
  await expect(running.cluster.get(secretKind, running.key)).rejects.toMatchObject({ reason: 'Unavailable' })
  await writeFile(running.caFile, testCluster().ca)
  expect(await running.cluster.get(secretKind, running.key)).toBeUndefined()
})
