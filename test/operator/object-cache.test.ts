import { expect, test } from 'vitest'

import { ObjectCache } from '#operator/object-cache.ts'

import type { KubeObject } from '#operator/kube.ts'

const secret = (name: string, owners: readonly string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'acme', name },
  owners,
})

const ownersOf = ({ owners }: KubeObject): readonly string[] =>
  Array.isArray(owners) ? owners.map(String) : []

test('an object is found by each text of its index, and by none that it had before', () => {
  const cache = new ObjectCache(ownersOf)
  const [first, second] = [secret('a', ['okta', 'entra']), secret('b', ['okta'])]
  cache.set(first)
  cache.set(second)
  expect(cache.indexed('okta')).toEqual([first, second])
  expect(cache.indexed('entra')).toEqual([first])
  const moved = secret('a', ['ping'])
  cache.set(moved)
  expect(cache.indexed('okta')).toEqual([second])
  expect(cache.indexed('entra')).toEqual([])
  expect(cache.indexed('ping')).toEqual([moved])
})

test('an object that went is found by nothing, whatever its last state says', () => {
  const cache = new ObjectCache(ownersOf)
  cache.set(secret('a', ['okta']))
  cache.delete(secret('a', ['entra']))
  cache.delete(secret('never-there', ['okta']))
  expect(cache.indexed('okta')).toEqual([])
  expect([...cache.byKey]).toEqual([])
})
