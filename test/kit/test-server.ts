/**
 * The Postgres of a test run: an embedded one, or with TEST_DATABASE_URL (of a superuser) any other; and in it one
 * migrated template database, owned by a role that is no superuser, as in production.
 */

import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { migrate } from '#directory/migrate.ts'
import { createRoles } from '#directory/roles.ts'
import { startEmbeddedPostgres } from '#standalone/embedded-postgres.ts'
import { endWithUs } from './end-with-us.ts'

/** Plain data: it travels from vitest's main process to its workers. */
export interface TestServer {
  /** A superuser on the database `postgres`. */
  readonly adminUrl: string
  readonly template: string
}

export const ownerRole = 'scim_test_owner'
/** Of every role that the tests make: the server listens on loopback and lives as long as the run. */
export const password = 'test'

export interface StartedServer {
  readonly server: TestServer
  readonly stop: () => Promise<void>
}

/** Nothing of a test run has to survive a power cut. */
const withoutDurability = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/** @param settings of the embedded Postgres */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = withoutDurability,
): Promise<StartedServer> {
  const stack = new AsyncDisposableStack()
  try {
    const adminUrl = process.env['TEST_DATABASE_URL'] ?? (await startEmbedded(stack, settings))
    const template = `scim_template_${randomBytes(6).toString('hex')}`
    await createRoles(adminUrl, { appPassword: password, workerPassword: password })
    await createOwner(adminUrl)
    await asAdmin(adminUrl, `create database ${template} owner ${ownerRole}`)
    stack.defer(() => asAdmin(adminUrl, `drop database if exists ${template} with (force)`))
    await migrate(urlFor(adminUrl, ownerRole, template))
    return { server: { adminUrl, template }, stop: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** The URL of a role on a database of the test server. */
export function urlFor(adminUrl: string, role: string, database: string): string {
  const url = new URL(adminUrl)
  url.username = role
  url.password = password
  url.pathname = `/${database}`
  return url.href
}

/** Runs one statement as superuser on the database `postgres`. */
export async function asAdmin(adminUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A login that may own databases and nothing else. */
async function createOwner(adminUrl: string): Promise<void> {
  await asAdmin(
    adminUrl,
    `do $$ begin
       create role ${ownerRole} login nosuperuser password '${password}';
     exception when duplicate_object or unique_violation then null;
     end $$`,
  )
}

async function startEmbedded(
  stack: AsyncDisposableStack,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-test-postgres-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const limits = { max_connections: '200' }
  const postgres = stack.use(
    await startEmbeddedPostgres(folder, new AbortController().signal, { ...limits, ...settings }),
  )
  const [pid = ''] = (await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')
  const watch = endWithUs(Number(pid), 'QUIT')
  postgres.died.addEventListener('abort', () => watch[Symbol.dispose]())
  const url = new URL(postgres.superuserUrl)
  url.pathname = '/postgres'
  return url.href
}
