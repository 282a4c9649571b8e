import { expect, test } from 'vitest'

import { openCluster } from '#operator/cluster.ts'
import { systemClock } from '#operator/clock.ts'
import { startReflector } from '#operator/reflector.ts'
import { createLogger } from '#platform/log.ts'
import { statusOf } from '#test/kit/api-status.ts'
import { json, refused, scriptedApi, stream } from '#test/kit/scripted-api.ts'

import type { ScriptedApi } from '#test/kit/scripted-api.ts'

const kind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }
const key = { namespace: 'acme', name: 'a' }

const clusterOf = ({ kubeConfig, metrics }: ScriptedApi, namespaces?: readonly string[]) =>
  openCluster({
    kubeConfig,
    metrics,
    log: createLogger('test', { level: 'silent' }),
    ...(namespaces === undefined ? {} : { namespaces }),
  })

const item = (name: string, resourceVersion: string) => ({
  metadata: { namespace: 'acme', name, resourceVersion },
})
const list = (resourceVersion: string, ...items: unknown[]) =>
  json(200, { metadata: { resourceVersion }, items })

test('opening a cluster asks nothing of it, so that it may be away', async () => {
  await using api = await scriptedApi([json(200, {})])
  await using cluster = await clusterOf(api)
  expect(cluster.namespaces).toBeUndefined()
  expect(api.calls).toEqual([])
})

test('a cluster names the namespaces it is limited to, and no limit is none', async () => {
  await using api = await scriptedApi([json(200, {})])
  await using limited = await clusterOf(api, ['acme', 'globex'])
  await using unlimited = await clusterOf(api, [])
  expect([limited.namespaces, unlimited.namespaces]).toEqual([['acme', 'globex'], undefined])
})

test('an object that is not there is undefined, and an API that is away is an error', async () => {
  await using api = await scriptedApi([
    refused(404, 'NotFound'),
    refused(503, 'ServiceUnavailable'),
    json(200, { metadata: { ...key, resourceVersion: '1' } }),
  ])
  await using cluster = await clusterOf(api)
  expect(await cluster.get(kind, key)).toBeUndefined()
  await expect(cluster.get(kind, key)).rejects.toMatchObject({ reason: 'Unavailable' })
  expect(await cluster.get(kind, key)).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...key, resourceVersion: '1' },
  })
})

test('a kind is served under its plural or not at all', async () => {
  await using api = await scriptedApi([json(200, { resources: [{ name: 'secrets', kind: 'Secret' }] })])
  await using cluster = await clusterOf(api)
  expect(await cluster.serves(kind)).toBe(true)
  expect(await cluster.serves({ ...kind, plural: 'secretses' })).toBe(false)
})

test('events that wait when the cluster is closed are written before its connections end', async () => {
  await using api = await scriptedApi([json(201, {})])
  {
    await using cluster = await clusterOf(api)
    const regarding = { apiVersion: 'v1', kind: 'Secret', metadata: key }
    cluster.recordEvent({ regarding, type: 'Normal', reason: 'Last', action: 'Test', note: 'Bye.' })
  }
  expect(api.calls).toMatchObject([{ method: 'POST', body: { reason: 'Last' } }])
})

test('a cache survives every fault of list and watch, one after the other, and ends up true', async () => {
  const added = (name: string, version: string) => ({ type: 'ADDED', object: item(name, version) })
  const error = { type: 'ERROR', object: statusOf(410, 'Expired') }
  await using api = await scriptedApi([
    list('1', item('a', '1')),
    stream([added('b', '2')], 'breaks'),
    stream([added('c', '3'), 'nonsense\n']),
    stream([added('d', '4'), error]),
    list('9', item('a', '1'), item('d', '4'), item('e', '8')),
    stream([added('f', '10')]),
    refused(410, 'Gone'),
    list('20', item('e', '8'), item('f', '10'), item('g', '19')),
    stream([], 'stays'),
  ])
  await using cluster = await clusterOf(api)
  const changes: string[] = []
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
  await using reflector = startReflector({
    kube: cluster,
    kind,
    clock: systemClock(),
    signal: new AbortController().signal,
    random: () => 0,
  })
  reflector.subscribe(({ type, object }) => {
    changes.push(`${type} ${object.metadata.name}`)
    if (object.metadata.name === 'g') settle()
  })
  await settled
  expect(reflector.list().map(({ metadata }) => metadata.name)).toEqual(['e', 'f', 'g'])
  expect(changes).toEqual([
    'ADDED a',
    'ADDED b',
    'ADDED c',
    'ADDED d',
    'DELETED b',
    'DELETED c',
    'ADDED e',
    'ADDED f',
    'DELETED a',
    'DELETED d',
    'ADDED g',
  ])
  const watches = api.calls.filter(({ query }) => query['watch'] === 'true')
  expect(watches.map(({ query }) => query['resourceVersion']).slice(0, 5)).toEqual(['1', '2', '3', '9', '10'])
})
