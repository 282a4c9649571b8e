import { expect, test } from 'vitest'

import { openDiscovery } from '#operator/cluster/discovery.ts'
import { writes } from '#operator/cluster/write.ts'
import { textAt } from '#operator/object-key.ts'
import { json, refused, scriptedApi } from '#test/kit/scripted-api.ts'

import type { Answer, ScriptedApi } from '#test/kit/scripted-api.ts'

const kind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }
const metadata = { namespace: 'acme', name: 'a' }
const object = { apiVersion: 'v1', kind: 'Secret', metadata }
const known = { ...object, metadata: { ...metadata, uid: 'u1', resourceVersion: '4' } }

const kinds = json(200, { resources: [{ name: 'secrets', kind: 'Secret' }] })
const stored = json(200, { ...object, metadata: { ...metadata, resourceVersion: '5', managedFields: [{}] } })
const storedObject = { ...object, metadata: { ...metadata, resourceVersion: '5' } }

const seen = (resourceVersion: string) =>
  json(200, { ...known, metadata: { ...known.metadata, resourceVersion } })

async function anApi(...answers: [Answer, ...Answer[]]) {
  const api = await scriptedApi(answers)
  return { api, write: writesOf(api), [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() }
}

const writesOf = ({ transport }: ScriptedApi) =>
  writes(
    transport,
    openDiscovery(transport, () => 0),
  )

test('an object is created in the collection of its kind', async () => {
  await using running = await anApi(kinds, stored)
  expect(await running.write.create(object)).toEqual(storedObject)
  expect(running.api.calls[1]).toMatchObject({
    method: 'POST',
    path: '/api/v1/namespaces/acme/secrets',
    body: object,
  })
})

test('a dry run says so, and takes whatever is answered for a yes', async () => {
  await using running = await anApi(kinds, json(200, { metadata: { name: 'a' } }))
  await running.write.tryApply(object, { fieldManager: 'me', force: true })
  expect(running.api.calls[1]).toMatchObject({
    method: 'PATCH',
    query: { fieldManager: 'me', force: 'true', dryRun: 'All' },
    body: object,
  })
})

test('server-side apply sends the object as it is, with its manager and whether to insist', async () => {
  await using running = await anApi(kinds, stored)
  expect(await running.write.apply(object, { fieldManager: 'me', force: false })).toEqual(storedObject)
  await running.write.apply(object, { fieldManager: 'me', force: true })
  await running.write.applyStatus({ ...object, status: { a: 1 } }, { fieldManager: 'me' })
  const sent = { method: 'PATCH', headers: { 'content-type': 'application/apply-patch+yaml' } }
  const path = '/api/v1/namespaces/acme/secrets/a'
  expect(running.api.calls.slice(1)).toMatchObject([
    { ...sent, path, query: { fieldManager: 'me', force: 'false' }, body: object },
    { ...sent, path, query: { fieldManager: 'me', force: 'true' }, body: object },
    {
      ...sent,
      path: `${path}/status`,
      query: { fieldManager: 'me', force: 'true' },
      body: { ...object, status: { a: 1 } },
    },
  ])
})

test('a status with a uid is bound to the version in which the incarnation was seen, tried again if that moved', async () => {
  await using running = await anApi(kinds, seen('4'), refused(409, 'Conflict'), seen('5'), stored)
  expect(await running.write.applyStatus(known, { fieldManager: 'me' })).toEqual(storedObject)
  const patches = running.api.calls.filter(({ method }) => method === 'PATCH')
  expect(patches.map(({ body }) => textAt(body, 'metadata', 'resourceVersion'))).toEqual(['4', '5'])
})

test('a status is not written to another object that has the name by now', async () => {
  const another = json(200, { ...object, metadata: { ...metadata, uid: 'u2', resourceVersion: '9' } })
  await using running = await anApi(kinds, another)
  const written = running.write.applyStatus(known, { fieldManager: 'me' })
  await expect(written).rejects.toMatchObject({ code: 409, reason: 'Conflict' })
  expect(running.api.calls.map(({ method }) => method)).toEqual(['GET', 'GET'])
})

test('a status gives up when the object moves again and again', async () => {
  const conflict = refused(409, 'Conflict')
  const moving: Answer = (response, call) => (call.method === 'GET' ? seen('4') : conflict)(response, call)
  await using running = await anApi(kinds, moving)
  await expect(running.write.applyStatus(known, { fieldManager: 'me' })).rejects.toMatchObject({
    reason: 'Conflict',
  })
})

test('a conflict of field managers says who the other one is', async () => {
  const message = 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a'
  await using running = await anApi(kinds, refused(409, 'Conflict', { message }))
  await expect(running.write.apply(object, { fieldManager: 'me', force: false })).rejects.toMatchObject({
    code: 409,
    reason: 'Conflict',
    message,
  })
})

test('finalizers are set only on the very object and version that was seen', async () => {
  await using running = await anApi(stored)
  expect(await running.write.setFinalizers(known, kind, ['a/b'])).toEqual(storedObject)
  expect(running.api.calls).toMatchObject([
    {
      method: 'PATCH',
      path: '/api/v1/namespaces/acme/secrets/a',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { uid: 'u1', resourceVersion: '4', finalizers: ['a/b'] } },
    },
  ])
})

test('a delete means one incarnation, and lets the children go later', async () => {
  await using running = await anApi(json(200, {}))
  await running.write.delete(kind, metadata, { uid: 'u1' })
  await running.write.delete(kind, metadata)
  expect(running.api.calls).toMatchObject([
    { method: 'DELETE', body: { propagationPolicy: 'Background', preconditions: { uid: 'u1' } } },
    { method: 'DELETE', body: { propagationPolicy: 'Background' } },
  ])
})

test('what is gone already is deleted, and so is an incarnation that another one followed', async () => {
  const gone = refused(404, 'NotFound')
  const conflict = refused(409, 'Conflict')
  const successor = json(200, { metadata: { uid: 'u2' } })
  await using running = await anApi(gone, conflict, successor, conflict, gone)
  await running.write.delete(kind, metadata)
  await running.write.delete(kind, metadata, { uid: 'u1' })
  await running.write.delete(kind, metadata, { uid: 'u1' })
  expect(running.api.calls.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'GET', 'DELETE', 'GET'])
})

test('an object that is still there after a conflict is not taken for deleted', async () => {
  const conflict = refused(409, 'Conflict')
  await using running = await anApi(conflict, json(200, { metadata: { uid: 'u1' } }), conflict)
  await expect(running.write.delete(kind, metadata, { uid: 'u1' })).rejects.toMatchObject({
    reason: 'Conflict',
  })
  await expect(running.write.delete(kind, metadata)).rejects.toMatchObject({ reason: 'Conflict' })
})

test('a kind that the cluster does not serve is NotFound, without a write', async () => {
  await using running = await anApi(refused(404, 'NotFound'))
  await expect(running.write.create(object)).rejects.toMatchObject({ code: 404, reason: 'NotFound' })
  expect(running.api.calls.map(({ method }) => method)).toEqual(['GET'])
})

test('a kind whose write is answered 404 is looked up again before the next', async () => {
  await using running = await anApi(kinds, refused(404, 'NotFound'), kinds, stored)
  await expect(running.write.create(object)).rejects.toMatchObject({ reason: 'NotFound' })
  expect(await running.write.create(object)).toEqual(storedObject)
})
