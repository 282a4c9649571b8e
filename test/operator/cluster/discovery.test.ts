import { expect, test } from 'vitest'

import { openDiscovery } from '#operator/cluster/discovery.ts'
import { json, refused, scriptedApi } from '#test/kit/scripted-api.ts'

const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' }

const installed = json(200, {
  kind: 'APIResourceList',
  resources: [
    { name: 'httproutes', kind: 'HTTPRoute' },
    { name: 'httproutes/status', kind: 'HTTPRoute' },
    { name: 'gateways', kind: 'Gateway' },
  ],
})

test('the plural of a kind is asked once and remembered for ten minutes', async () => {
  let nowMs = 0
  await using api = await scriptedApi([installed])
  const discovery = openDiscovery(api.transport, () => nowMs)
  expect(await discovery.pluralOf(route)).toBe('httproutes')
  expect(await discovery.pluralOf({ ...route, kind: 'Gateway' })).toBe('gateways')
  nowMs = 599_999
  await discovery.pluralOf(route)
  expect(api.calls.map(({ path }) => path)).toEqual(['/apis/gateway.networking.k8s.io/v1'])
  nowMs = 600_000
  await discovery.pluralOf(route)
  expect(api.calls).toHaveLength(2)
})

test('a group that is not there serves nothing, and is asked for again half a minute later', async () => {
  let nowMs = 0
  await using api = await scriptedApi([refused(404, 'NotFound'), installed])
  const discovery = openDiscovery(api.transport, () => nowMs)
  expect(await discovery.pluralOf(route)).toBeUndefined()
  nowMs = 29_999
  expect(await discovery.pluralOf(route)).toBeUndefined()
  nowMs = 30_000
  expect(await discovery.pluralOf(route)).toBe('httproutes')
})

test('what was forgotten is asked for again at once', async () => {
  await using api = await scriptedApi([installed, refused(404, 'NotFound')])
  const discovery = openDiscovery(api.transport, () => 0)
  expect(await discovery.pluralOf(route)).toBe('httproutes')
  discovery.forget(route.apiVersion)
  expect(await discovery.pluralOf(route)).toBeUndefined()
})

test('an API server that is away is no proof that a kind is missing', async () => {
  await using api = await scriptedApi([refused(503, 'ServiceUnavailable'), installed])
  const discovery = openDiscovery(api.transport, () => 0)
  await expect(discovery.pluralOf(route)).rejects.toMatchObject({ reason: 'Unavailable' })
  expect(await discovery.pluralOf(route)).toBe('httproutes')
})
