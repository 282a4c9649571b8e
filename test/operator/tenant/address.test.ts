import { expect, test } from 'vitest'

import { addressOf } from '#operator/tenant/address.ts'

const type = { defaultEndpointType: 'HTTPRoute' } as const
const path = '/api/v1/scim'
const pathOrigin = 'http://127.0.0.1:8080'

test('with a base domain every tenant has a host of its own', () => {
  expect(addressOf({ path }, 'acme', { ...type, baseDomain: 'scim.test', pathOrigin })).toEqual({
    hostname: 'acme.scim.test',
    routePath: path,
    baseURL: 'https://acme.scim.test/api/v1/scim',
    hosts: [{ hostname: 'acme.scim.test', origin: 'https://acme.scim.test' }],
  })
})

test('a host name in the spec wins, and is known by the origin that clients see', () => {
  const settings = { ...type, baseDomain: 'scim.test', publicScheme: 'http', publicPort: 8443 } as const
  const address = addressOf({ path, hostname: 'id.acme.test' }, 'acme', settings)
  expect(address.baseURL).toBe('http://id.acme.test:8443/api/v1/scim')
})

test('without a base domain tenants are told apart by path, even one that has a host as well', () => {
  const settings = { ...type, pathOrigin }
  expect(addressOf({ path }, 'acme', settings)).toEqual({
    hostname: undefined,
    routePath: '/t/acme/api/v1/scim',
    baseURL: 'http://127.0.0.1:8080/t/acme/api/v1/scim',
    hosts: [],
  })
  const both = addressOf({ path, hostname: 'id.acme.test' }, 'acme', settings)
  expect(both.baseURL).toBe('http://127.0.0.1:8080/t/acme/api/v1/scim')
  expect(both.hosts.map(({ hostname }) => hostname)).toEqual(['id.acme.test'])
})

test('where neither host nor path leads to the tenant there is no base URL', () => {
  expect(addressOf({ path }, 'acme', type).baseURL).toBeUndefined()
})
