import { expect, test } from 'vitest'

import { standaloneSettings } from '#platform/config.ts'
import { SettingsError, readSettings, usageOf } from '#platform/settings.ts'

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  readSettings(standaloneSettings, { args, env })

const mistakes = (args: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] => {
  try {
    read(args, env)
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
