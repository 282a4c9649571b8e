import { expect, test } from 'vitest'

import { operatorSettings, serverSettings, standaloneSettings, workerSettings } from '#platform/config.ts'
import { SettingsError, readSettings, usageOf, withFlag } from '#platform/settings.ts'

import type { z } from 'zod'

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  readSettings(standaloneSettings, { args, env })

const mistakes = (args: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] =>
  mistakesOf(standaloneSettings, env, args)

const mistakesOf = (
  schema: z.ZodObject,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): readonly string[] => {
  try {
    readSettings(schema, { args, env })
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n')
    throw error
  }
  return []
}

test('a flag wins over its environment variable, and both over the default', () => {
  expect(read([]).scimPort).toBe(8080)
  expect(read([], { SCIM_PORT: '1' }).scimPort).toBe(1)
  expect(read(['--scim-port', '0'], { SCIM_PORT: '1' }).scimPort).toBe(0)
  expect(read(['--scim-port=2']).scimPort).toBe(2)
})

test('an empty variable is one that is not set', () => {
  expect(read([], { STATE_DIR: '', BASE_DOMAIN: '' })).toMatchObject({
    state: '.state',
    baseDomain: undefined,
  })
})

test('the settings cannot be changed after they are read', () => {
  expect(Object.isFrozen(read([]))).toBe(true)
})

test('every mistake is one sentence that names its source and what would be right', () => {
  expect(mistakes(['--scim-port', 'http', '--base-domain', 'Not a domain'], { OPS_PORT: '70000' })).toEqual([
    '--scim-port must be a port from 0 to 65535 (0 takes a free one), not "http".',
    'OPS_PORT must be a port from 0 to 65535 (0 takes a free one), not "70000".',
    '--base-domain must be a domain such as scim.example.com, not "Not a domain".',
  ])
})

test('a flag that does not exist, has no value or belongs to nothing is refused', () => {
  const [unknown, stray, empty] = mistakes(['--port', '1', '--state', '--manifests=a'])
  expect(unknown).toMatch(/^There is no flag --port; there are --manifests, --state, /)
  expect([stray, empty]).toEqual(['"1" belongs to no flag.', '--state needs a value.'])
})

test('a value that may be a secret is not repeated in the complaint', () => {
  const [sentence] = mistakes([], { DATABASE_URL: 'mysql://user:geheim@host/db' })
  expect(sentence).toBe('DATABASE_URL must be a URL such as postgres://user:password@host:5432/database.')
})

test('the usage names every flag and every variable', () => {
  const usage = usageOf(standaloneSettings)
  for (const word of ['--manifests or MANIFESTS_DIR', '--ops-port or OPS_PORT', 'WORKER_DATABASE_URL'])
    expect(usage).toContain(word)
})

test('the settings of the three processes that are required are missed in one sentence each', () => {
  expect(mistakesOf(operatorSettings, {})).toEqual([
    'DATABASE_OWNER_URL is missing: it must be a URL such as postgres://user:password@host:5432/database.',
    'PEPPER_DIR is missing: it must be a folder.',
  ])
  expect(mistakesOf(serverSettings, {})).toEqual([
    'DATABASE_URL is missing: it must be a URL such as postgres://user:password@host:5432/database.',
    'PEPPER_DIR is missing: it must be a folder.',
  ])
  expect(mistakesOf(workerSettings, {})).toEqual([
    'WORKER_DATABASE_URL is missing: it must be a URL such as postgres://user:password@host:5432/database.',
  ])
})

const owner = { DATABASE_OWNER_URL: 'postgres://owner@db/scim', PEPPER_DIR: '/pepper' }

test('what the operator is told is read from environment variables alone', () => {
  const env = {
    ...owner,
    KUBECONFIG: '/home/me/.kube/config',
    WATCH_NAMESPACES: 'team-a, team-b,',
    DEFAULT_ENDPOINT_TYPE: 'Shared',
    PATH_ORIGIN: 'https://scim.example.com:8443/',
    PUBLIC_PORT: '8443',
    RESYNC_SECONDS: '60',
  }
  expect(readSettings(operatorSettings, { args: [], env })).toMatchObject({
    kubeConfig: '/home/me/.kube/config',
    watchNamespaces: ['team-a', 'team-b'],
    defaultEndpointType: 'Shared',
    pathOrigin: 'https://scim.example.com:8443',
    publicPort: 8443,
    resyncSeconds: 60,
    gatewayName: 'scim-operator',
    gatewayNamespace: undefined,
    logLevel: 'info',
  })
})

test('without WATCH_NAMESPACES the operator looks at all of them', () => {
  expect(readSettings(operatorSettings, { args: [], env: owner }).watchNamespaces).toEqual([])
})

test('every mistake in the environment of a process has its sentence, all at once', () => {
  const env = {
    ...owner,
    WATCH_NAMESPACES: 'Team_A',
    POD_NAMESPACE: 'a/b',
    DEFAULT_ENDPOINT_TYPE: 'Route',
    PUBLIC_PORT: '0',
    PATH_ORIGIN: 'https://scim.example.com/path',
    DIRECTORY_URL: 'directory',
    RESYNC_SECONDS: '1',
  }
  expect(mistakesOf(operatorSettings, env)).toEqual([
    'WATCH_NAMESPACES must be Kubernetes names with commas between them, such as team-a,team-b, not "Team_A".',
    'POD_NAMESPACE must be a Kubernetes name: lower case letters, digits and -, not "a/b".',
    'DEFAULT_ENDPOINT_TYPE must be HTTPRoute, Ingress, Shared or None, not "Route".',
    'PUBLIC_PORT must be a port from 1 to 65535, not "0".',
    'PATH_ORIGIN must be an origin such as https://scim.example.com, without a path, not "https://scim.example.com/path".',
    'DIRECTORY_URL must be a URL such as https://directory.example.com, not "directory".',
    'RESYNC_SECONDS must be a whole number from 10 to 86400, not "1".',
  ])
})

test('a process without flags says so to whoever gives it one', () => {
  expect(mistakesOf(workerSettings, { WORKER_DATABASE_URL: 'postgres://w@db/scim' }, ['--port=1'])).toEqual([
    'There is no flag --port: all settings are environment variables.',
  ])
})

test('a secret never gets a flag', () => {
  expect(() => withFlag('database-url', serverSettings.shape.databaseUrl)).toThrow(TypeError)
})
