import { expect, test } from 'vitest'

import { listObjects } from '#operator/cluster/list.ts'
import { hangUp, json, refused, scriptedApi, stream } from '#test/kit/scripted-api.ts'

const kind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }

const item = (name: string) => ({
  metadata: { namespace: 'acme', name, resourceVersion: '3', managedFields: [{}] },
})

const page = (names: readonly string[], next?: string, resourceVersion = '9') =>
  json(200, { kind: 'SecretList', metadata: { resourceVersion, continue: next }, items: names.map(item) })

test('a list is read page by page, and is one', async () => {
  await using api = await scriptedApi([page(['a', 'b'], 'more'), page(['c'], ''), hangUp])
  const list = await listObjects(api.transport, kind, { namespace: 'acme', labels: { managed: 'true' } })
  expect(list.resourceVersion).toBe('9')
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c'])
  expect(list.items[0]).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'acme', name: 'a', resourceVersion: '3' },
  })
  const asked = { labelSelector: 'managed=true', limit: '500' }
  expect(api.calls.map(({ path, query }) => [path, query])).toEqual([
    ['/api/v1/namespaces/acme/secrets', asked],
    ['/api/v1/namespaces/acme/secrets', { ...asked, continue: 'more' }],
  ])
})

test('a list that expires between two pages is begun again in one piece, without what the first page said', async () => {
  await using api = await scriptedApi([
    page(['gone'], 'more'),
    refused(410, 'Expired'),
    page(['a', 'b'], undefined, '20'),
  ])
  const list = await listObjects(api.transport, kind)
  expect([list.items.map(({ metadata }) => metadata.name), list.resourceVersion]).toEqual([['a', 'b'], '20'])
  expect(api.calls.at(-1)?.query).toEqual({})
})

test('a page that breaks off spoils the list: nothing is better than a part', async () => {
  await using api = await scriptedApi([page(['a'], 'more'), stream(['{"items":['], 'breaks')])
  await expect(listObjects(api.transport, kind)).rejects.toMatchObject({ reason: 'Unavailable' })
})

test('an answer that is no list is refused', async () => {
  await using api = await scriptedApi([json(200, { items: [] })])
  await expect(listObjects(api.transport, kind)).rejects.toMatchObject({ reason: 'Unknown' })
})
