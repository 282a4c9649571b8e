import { expect, test, vi } from 'vitest'

import { systemClock } from '#operator/clock.ts'
import { startReflector } from '#operator/reflector.ts'
import { aCluster, secret, secretKind } from '#test/kube/adapter.ts'
import { startApiServer } from '#test/kube/api-server.ts'

import type { Adapter } from '#test/kube/adapter.ts'

const patience = { timeout: 90_000, interval: 100 }

/** A reflector of the Secrets in the adapter's namespace. */
function follow({ cluster, key }: Adapter) {
  const stop = new AbortController()
  const restarts: string[] = []
  const changes: string[] = []
  const reflector = startReflector({
    kube: cluster,
    kind: secretKind,
    namespace: key.namespace,
    clock: systemClock(),
    signal: stop.signal,
    onRestart: (reason) => restarts.push(reason),
  })
  reflector.subscribe(({ type, object }) => changes.push(`${type} ${object.metadata.name}`))
  const names = () => reflector.list().map(({ metadata }) => metadata.name)
  return {
    reflector,
    restarts,
    changes,
    names,
    [Symbol.asyncDispose]: () => reflector[Symbol.asyncDispose](),
  }
}

test('connections that are cut, and an API that cannot be reached for a while, lose no change', async () => {
  await using direct = await aCluster()
  await using running = await aCluster()
  const key = direct.key
  await using followed = follow({ ...running, key })
  await followed.reflector.synced
  await direct.cluster.create(secret({ ...key, name: 'before' }))
  await vi.waitFor(() => expect(followed.names()).toEqual(['before']), patience)
  await running.proxy.stop()
  await direct.cluster.delete(secretKind, { ...key, name: 'before' })
  await direct.cluster.create(secret({ ...key, name: 'during' }))
  await expect(running.cluster.get(secretKind, key)).rejects.toMatchObject({ reason: 'Unavailable' })
  await running.proxy.start()
  await vi.waitFor(() => expect(followed.names()).toEqual(['during']), patience)
  expect(followed.changes).toEqual(['ADDED before', 'DELETED before', 'ADDED during'])
  expect(followed.restarts).toContain('Unavailable')
  expect(await running.cluster.get(secretKind, key)).toBeUndefined()
})

test('a network that swallows everything is noticed by watches and by calls, and left as soon as it works', async () => {
  await using direct = await aCluster()
  await using running = await aCluster({ callLimitMs: 1000, watchSilenceMs: 2000 })
  const key = direct.key
  await using followed = follow({ ...running, key })
  await followed.reflector.synced
  running.proxy.freeze()
  await direct.cluster.create(secret(key))
  await expect(running.cluster.get(secretKind, key)).rejects.toMatchObject({ reason: 'Unavailable' })
  await vi.waitFor(() => expect(followed.restarts).toContain('Unavailable'), patience)
  expect(followed.names()).toEqual([])
  await running.proxy.stop()
  await running.proxy.start()
  await vi.waitFor(() => expect(followed.names()).toEqual([key.name]), patience)
  expect(await running.cluster.get(secretKind, key)).toMatchObject({ metadata: key })
})

test('an API server that restarts on its data is followed again, with what happened meanwhile', async () => {
  await using server = await startApiServer()
  await using running = await aCluster({ server, callLimitMs: 5000 })
  const { cluster, key } = running
  await using followed = follow(running)
  await followed.reflector.synced
  const names = ['one', 'two', 'three']
  for (const name of names) await cluster.create(secret({ ...key, name }))
  await vi.waitFor(() => expect(followed.names()).toEqual(names), patience)
  await server.stop()
  await expect(cluster.get(secretKind, key)).rejects.toMatchObject({ reason: 'Unavailable' })
  await server.start()
  await cluster.delete(secretKind, { ...key, name: 'two' })
  await cluster.create(secret({ ...key, name: 'four' }))
  await vi.waitFor(() => expect(followed.names().toSorted()).toEqual(['four', 'one', 'three']), patience)
  expect(followed.changes.filter((change) => change.endsWith('one'))).toEqual(['ADDED one'])
})

test('an API server that hangs is given up call by call, and used again when it wakes', async () => {
  await using server = await startApiServer()
  await using running = await aCluster({ server, callLimitMs: 1000 })
  const { cluster, key } = running
  await cluster.create(secret(key))
  server.pause()
  await expect(cluster.get(secretKind, key)).rejects.toMatchObject({ reason: 'Unavailable' })
  await expect(cluster.serves(secretKind)).resolves.toBe(true)
  server.resume()
  await vi.waitFor(async () => expect(await cluster.get(secretKind, key)).toBeDefined(), patience)
})
