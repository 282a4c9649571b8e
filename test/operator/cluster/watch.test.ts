import { expect, test, vi } from 'vitest'

import { watchObjects } from '#operator/cluster/watch.ts'
import { statusOf } from '#test/kit/api-status.ts'
import { hangUp, refused, scriptedApi, silence, stream } from '#test/kit/scripted-api.ts'

import type { WatchEvent } from '#operator/kube.ts'
import type { Answer, ScriptedApi } from '#test/kit/scripted-api.ts'

const kind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }

const metadata = { namespace: 'acme', name: 'a', resourceVersion: '8' }
const event = (type: string) => ({
  type,
  object: { ...kind, plural: undefined, metadata: { ...metadata, managedFields: [{}] } },
})
const object = { apiVersion: 'v1', kind: 'Secret', metadata }

async function watched(api: ScriptedApi, signal?: AbortSignal) {
  const seen: WatchEvent[] = []
  const options = {
    resourceVersion: '7',
    labels: { managed: 'true' },
    ...(signal === undefined ? {} : { signal }),
  }
  try {
    for await (const each of watchObjects(api.transport, kind, options, () => 0.5)) seen.push(each)
    return { seen }
  } catch (error) {
    return { seen, error }
  }
}

test('a watch asks for bookmarks and for an end after a while, and gives what it hears', async () => {
  const bookmark = { type: 'BOOKMARK', object: { kind: 'Secret', metadata: { resourceVersion: '40' } } }
  await using api = await scriptedApi([
    stream([event('ADDED'), event('MODIFIED'), bookmark, event('DELETED')]),
  ])
  expect(await watched(api)).toEqual({
    seen: [
      { type: 'ADDED', object },
      { type: 'MODIFIED', object },
      { type: 'BOOKMARK', resourceVersion: '40' },
      { type: 'DELETED', object },
    ],
  })
  expect(api.calls[0]).toMatchObject({
    path: '/api/v1/secrets',
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '450',
      resourceVersion: '7',
      labelSelector: 'managed=true',
    },
  })
})

const faults: readonly (readonly [string, Answer, string, number])[] = [
  ['an answer 410', refused(410, 'Expired'), 'Expired', 0],
  [
    'an ERROR event 410',
    stream([event('ADDED'), { type: 'ERROR', object: statusOf(410, 'Gone') }]),
    'Expired',
    1,
  ],
  [
    'another ERROR event',
    stream([event('ADDED'), { type: 'ERROR', object: statusOf(500, 'InternalError') }]),
    'Unavailable',
    1,
  ],
  ['an answer 429', refused(429, 'TooManyRequests', {}, { 'retry-after': '1' }), 'TooManyRequests', 0],
  ['an answer 500', refused(500, 'InternalError'), 'Unavailable', 0],
  ['a connection that is cut', hangUp, 'Unavailable', 0],
  ['a stream that breaks off', stream([event('ADDED')], 'breaks'), 'Unavailable', 1],
  ['a line that is cut off', stream([event('ADDED'), '{"type":"ADDED","obj']), 'Unknown', 1],
  ['a line that is no JSON', stream([event('ADDED'), 'nonsense\n', event('MODIFIED')]), 'Unknown', 1],
  ['a line that is no event', stream([event('ADDED'), { kind: 'Secret' }]), 'Unknown', 1],
  ['an object without a name', stream([{ type: 'ADDED', object: { metadata: {} } }]), 'Unknown', 0],
  ['a bookmark without a version', stream([{ type: 'BOOKMARK', object: {} }]), 'Unknown', 0],
]

test.each(faults)(
  '%s ends a watch with a KubeError, after what came before it',
  async (_, answer, reason, before) => {
    await using api = await scriptedApi([answer])
    const { seen, error } = await watched(api)
    expect(error).toMatchObject({ name: 'KubeError', reason })
    expect(seen).toHaveLength(before)
  },
)

test('a watch that is silent for too long is taken for dead', async () => {
  await using api = await scriptedApi([stream([event('ADDED')], 'stays')], { watchSilenceMs: 100 })
  const { seen, error } = await watched(api)
  expect(seen).toHaveLength(1)
  expect(error).toMatchObject({ code: 0, reason: 'Unavailable' })
})

test.each([
  ['before the answer', silence],
  ['within the stream', stream([event('ADDED')], 'stays')],
])('a watch that is aborted %s ends without a word', async (_, answer) => {
  await using api = await scriptedApi([answer])
  const stop = new AbortController()
  const ended = watched(api, stop.signal)
  await vi.waitFor(() => expect(api.calls).toHaveLength(1), { timeout: 30_000 })
  stop.abort()
  expect((await ended).error).toBeUndefined()
})

test('whoever stops listening frees the connection', async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  await using api = await scriptedApi([
    (response, call) => {
      response.on('close', () => close())
      stream([event('ADDED')], 'stays')(response, call)
    },
  ])
  for await (const each of watchObjects(api.transport, kind, { resourceVersion: '7' }, () => 0)) {
    expect(each.type).toBe('ADDED')
    break
  }
  await closed
})
