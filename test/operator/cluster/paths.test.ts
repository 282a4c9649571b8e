import { expect, test } from 'vitest'

import { collectionPath, labelSelector, objectPath } from '#operator/cluster/paths.ts'

const secrets = { apiVersion: 'v1', plural: 'secrets' }
const routes = { apiVersion: 'gateway.networking.k8s.io/v1', plural: 'httproutes' }

test('the core group and the others have their own roots', () => {
  expect(collectionPath(secrets)).toBe('/api/v1/secrets')
  expect(collectionPath(routes)).toBe('/apis/gateway.networking.k8s.io/v1/httproutes')
})

test('a namespace and a name stand in the path, and can add nothing to it', () => {
  expect(objectPath(secrets, { namespace: 'acme', name: 'a' })).toBe('/api/v1/namespaces/acme/secrets/a')
  expect(objectPath(secrets, { namespace: 'acme', name: '../x?y' })).toBe(
    '/api/v1/namespaces/acme/secrets/..%2Fx%3Fy',
  )
})

test('labels that must all hold are one selector', () => {
  expect(labelSelector({ 'a/b': 'c', d: '' })).toBe('a/b=c,d=')
  expect(labelSelector({})).toBeUndefined()
})
