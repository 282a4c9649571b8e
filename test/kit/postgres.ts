/** A database of its own for a test file: cloned from the migrated template, dropped at the end. */

import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { asAdmin, ownerRole, urlFor, type TestServer } from './test-server.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** Owner of the schema, no superuser: migrates, and writes what the operator writes. */
  readonly ownerUrl: string
  /** Role `scim_app`, under row-level security. */
  readonly appUrl: string
  /** Role `scim_worker`, under row-level security. */
  readonly workerUrl: string
  /** Superuser of the server, on this database: for looking at what nobody else may see. */
  readonly adminUrl: string
}

/** A copy of the migrated template (about 80 ms). `await using db = await cloneDatabase()` drops it again. */
export function cloneDatabase(server: TestServer = testServer()): Promise<TestDatabase> {
  return createDatabase(server, ` template ${server.template}`)
}

/** A database without any schema, for tests of the migration. */
export function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase(testServer(), '')
}

function testServer(): TestServer {
  const server = inject('testServer')
  if (server === undefined)
    throw new Error('This vitest project has no database, see test/kit/global-setup.ts')
  return server
}

async function createDatabase({ adminUrl }: TestServer, from: string): Promise<TestDatabase> {
  const name = `scim_test_${randomBytes(6).toString('hex')}`
  await asAdmin(adminUrl, `create database ${name} owner ${ownerRole}${from}`)
  const admin = new URL(adminUrl)
  admin.pathname = `/${name}`
  return {
    name,
    ownerUrl: urlFor(adminUrl, ownerRole, name),
    appUrl: urlFor(adminUrl, 'scim_app', name),
    workerUrl: urlFor(adminUrl, 'scim_worker', name),
    adminUrl: admin.href,
    [Symbol.asyncDispose]: () => asAdmin(adminUrl, `drop database if exists ${name} with (force)`),
  }
}
