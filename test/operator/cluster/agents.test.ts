import { readFile } from 'node:fs/promises'

import { request } from 'undici'
import { expect, test, vi } from 'vitest'

import { Agents } from '#operator/cluster/agents.ts'
import { json, scriptedApi, silence } from '#test/kit/scripted-api.ts'

import type { Answer } from '#test/kit/scripted-api.ts'

const get = { method: 'GET', path: '/api/v1/things' } as const

test('a hundred requests one after the other share a connection or two', async () => {
  await using api = await scriptedApi([json(200, {})])
  for (let time = 0; time < 100; time += 1) await api.transport.call(get)
  expect(api.calls.length).toBe(100)
  expect(api.connections).toBeLessThanOrEqual(2)
})

test('five hundred requests at once use no more than 32 connections', async () => {
  await using api = await scriptedApi([json(200, {})])
  await Promise.all(Array.from({ length: 500 }, () => api.transport.call(get)))
  expect(api.calls.length).toBe(500)
  expect(api.connections).toBeLessThanOrEqual(32)
})

/** Renews the Lease, opens watches and leaves all else without an answer. */
const onlyLease: Answer = (response, call) => {
  if (call.path === '/lease') json(200, { renewed: true })(response, call)
  else if (call.path === '/watch') response.flushHeaders()
  else silence(response, call)
}

test('neither open watches nor a crowd of calls that get no answer keep the Lease waiting', async () => {
  await using api = await scriptedApi([onlyLease])
  const stop = new AbortController()
  const { signal } = stop
  await Promise.all(
    Array.from({ length: 50 }, () => api.transport.stream({ method: 'GET', path: '/watch', signal })),
  )
  const stuck = Promise.allSettled(Array.from({ length: 100 }, () => api.transport.call({ ...get, signal })))
  expect(await api.transport.call({ method: 'PUT', path: '/lease', body: {} }, 'lease')).toEqual({
    renewed: true,
  })
  stop.abort()
  await stuck
})

test('connections are made anew when the CA or the client certificate is another one, and only then', async () => {
  await using agents = new Agents({ watchSilenceMs: 75_000 })
  const first = agents.of('calls', { ca: 'one' })
  expect(agents.of('calls', { ca: 'one' })).toBe(first)
  expect(agents.of('lease', { ca: 'one' })).not.toBe(first)
  const second = agents.of('calls', { ca: 'two' })
  expect(second).not.toBe(first)
  expect(agents.of('calls', { ca: 'two', cert: 'mine' })).not.toBe(second)
})

test('a request in flight ends in peace when the connections are made anew', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  await using api = await scriptedApi([(response) => void released.then(() => response.end('done'))])
  await using agents = new Agents({ watchSilenceMs: 75_000 })
  const url = JSON.parse(await readFile(api.kubeConfig, 'utf8')).clusters[0].cluster.server
  const asked = request(url, { dispatcher: agents.of('calls', { ca: 'one' }) })
  await vi.waitFor(() => expect(api.calls).toHaveLength(1), { timeout: 30_000 })
  agents.of('calls', { ca: 'two' })
  release()
  expect(await (await asked).body.text()).toBe('done')
})
