import { expect, test } from 'vitest'

import { configured } from '#operator/configured.ts'
import { operatorSettings } from '#platform/config.ts'
import { readSettings } from '#platform/settings.ts'

const needed = { DATABASE_OWNER_URL: 'postgres://owner@db/scim', PEPPER_DIR: '/peppers' }

function from(env: Readonly<Record<string, string>>) {
  return configured(readSettings(operatorSettings, { args: [], env: { ...needed, ...env } }))
}

test('an operator that is told no more than it needs makes HTTPRoutes of its own Gateway and server', () => {
  expect(from({})).toEqual({
    defaultEndpointType: 'HTTPRoute',
    publicScheme: 'https',
    resyncSeconds: 600,
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'scim-operator' }],
    backend: { name: 'scim-operator-server', namespace: 'default', port: 8080 },
  })
})

test('the server is looked for in the namespace of the operator, unless another one is told', () => {
  expect(from({ POD_NAMESPACE: 'scim' }).backend?.namespace).toBe('scim')
  expect(from({ POD_NAMESPACE: 'scim', SERVER_SERVICE_NAMESPACE: 'web' }).backend?.namespace).toBe('web')
})

test('everything that an operator is told of addresses reaches its settings', () => {
  const settings = from({
    DEFAULT_ENDPOINT_TYPE: 'Shared',
    BASE_DOMAIN: 'scim.example.com',
    PUBLIC_SCHEME: 'http',
    PUBLIC_PORT: '8443',
    PATH_ORIGIN: 'https://paths.example.com',
    DIRECTORY_URL: 'http://directory:8081',
    GATEWAY_NAME: 'edge',
    GATEWAY_NAMESPACE: 'infra',
    GATEWAY_SECTION_NAME: 'https',
    SERVER_SERVICE: 'server',
    SERVER_SERVICE_PORT: '80',
    RESYNC_SECONDS: '60',
  })
  expect(settings).toEqual({
    defaultEndpointType: 'Shared',
    baseDomain: 'scim.example.com',
    publicScheme: 'http',
    publicPort: 8443,
    pathOrigin: 'https://paths.example.com',
    directoryURL: 'http://directory:8081',
    resyncSeconds: 60,
    parentRefs: [
      {
        group: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        name: 'edge',
        namespace: 'infra',
        sectionName: 'https',
      },
    ],
    backend: { name: 'server', namespace: 'default', port: 80 },
  })
})
