import { expect, test } from 'vitest'

import { hangUp, json, refused, scriptedApi, silence, stream } from '#test/kit/scripted-api.ts'

const get = { method: 'GET', path: '/api/v1/things' } as const

test('a request is signed in and names itself, and its answer is JSON', async () => {
  await using api = await scriptedApi([json(200, { a: 1 })])
  const query = { force: 'true', limit: undefined, labelSelector: 'a=b,c=d' }
  expect(await api.transport.call({ ...get, method: 'PATCH', query, body: { b: 2 } })).toEqual({ a: 1 })
  const [call] = api.calls
  expect(call).toMatchObject({
    method: 'PATCH',
    path: '/api/v1/things',
    query: { force: 'true', labelSelector: 'a=b,c=d' },
    body: { b: 2 },
    headers: {
      authorization: 'Bearer secret-token',
      'content-type': 'application/json',
      'user-agent': 'scim-operator',
    },
  })
})

test('an empty answer is undefined', async () => {
  await using api = await scriptedApi([(response) => response.end()])
  expect(await api.transport.call(get)).toBeUndefined()
})

test('a refusal is KubeError, with how long to wait', async () => {
  const busy = refused(429, 'TooManyRequests', {}, { 'retry-after': '2' })
  await using api = await scriptedApi([busy], { callLimitMs: 1999 })
  const error = { code: 429, reason: 'TooManyRequests', retryAfterSeconds: 2 }
  await expect(api.transport.call(get)).rejects.toMatchObject(error)
  await expect(api.transport.stream(get)).rejects.toMatchObject(error)
})

test('an API server that says when to ask again is asked again, unless something may have been created', async () => {
  const soon = { 'retry-after': '1' }
  await using api = await scriptedApi([
    refused(429, 'TooManyRequests', {}, soon),
    refused(504, 'Timeout', {}, soon),
    json(200, { done: true }),
  ])
  const asked = { method: 'PATCH', path: '/api/v1/things/a', body: { a: 1 } } as const
  expect(await api.transport.call(asked)).toEqual({ done: true })
  expect(api.calls.map(({ body }) => body)).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }])
  const { values } = await api.metrics.restRetries.get()
  expect(values.map(({ labels, value }) => [labels.code, value])).toEqual([
    ['429', 1],
    ['504', 1],
  ])
  await using late = await scriptedApi([
    refused(429, 'TooManyRequests', {}, soon),
    refused(504, 'Timeout', {}, soon),
  ])
  await expect(late.transport.call({ ...asked, method: 'POST' })).rejects.toMatchObject({ code: 504 })
  expect(late.calls).toHaveLength(2)
})

test('a failure without a word on when to ask again, and a Lease, are left to whoever asked', async () => {
  await using api = await scriptedApi([
    refused(500, 'InternalError'),
    refused(429, 'TooManyRequests', {}, { 'retry-after': '1' }),
    json(200, {}),
  ])
  await expect(api.transport.call(get)).rejects.toMatchObject({ code: 500 })
  await expect(api.transport.call(get, 'lease')).rejects.toMatchObject({ code: 429 })
})

test('an API server that takes the request and says nothing is given up after the limit', async () => {
  await using api = await scriptedApi([silence], { callLimitMs: 50 })
  await expect(api.transport.call(get)).rejects.toMatchObject({ code: 0, reason: 'Unavailable' })
})

test('an answer that stops in the middle is given up after the limit too', async () => {
  await using api = await scriptedApi([stream(['{"a":'], 'stays')], { callLimitMs: 200 })
  await expect(api.transport.call(get)).rejects.toMatchObject({ code: 0, reason: 'Unavailable' })
})

test('a connection that is cut before or within the answer is KubeError Unavailable', async () => {
  await using api = await scriptedApi([hangUp, stream(['{"a":'], 'breaks')])
  await expect(api.transport.call(get)).rejects.toMatchObject({ code: 0, reason: 'Unavailable' })
  await expect(api.transport.call(get)).rejects.toMatchObject({ code: 0, reason: 'Unavailable' })
})

test('an answer that is no JSON is KubeError Unknown', async () => {
  await using api = await scriptedApi([stream(['{"a":'], 'ends')])
  await expect(api.transport.call(get)).rejects.toMatchObject({ code: 200, reason: 'Unknown' })
})

test('whoever aborts gets the own reason back', async () => {
  await using api = await scriptedApi([silence])
  const stop = new AbortController()
  const asked = api.transport.call({ ...get, signal: stop.signal })
  const reason = new Error('enough')
  stop.abort(reason)
  await expect(asked).rejects.toBe(reason)
  await expect(api.transport.call({ ...get, signal: stop.signal })).rejects.toBe(reason)
})

test('every request is counted by code, and one without an answer as an error', async () => {
  await using api = await scriptedApi([json(200, {}), refused(404, 'NotFound'), hangUp])
  await api.transport.call(get)
  await expect(api.transport.call(get)).rejects.toThrow('no')
  await expect(api.transport.call(get)).rejects.toThrow('no answer')
  const { values } = await api.metrics.restRequests.get()
  expect(values.map(({ labels, value }) => [labels.code, labels.method, value])).toEqual([
    ['200', 'GET', 1],
    ['404', 'GET', 1],
    ['<error>', 'GET', 1],
  ])
  expect(values[0]?.labels.host).toMatch(/^127\.0\.0\.1:\d+$/)
})
