/** Brings a database to the schema this release needs, and says whether it has it. */

import { MikroORM } from '@mikro-orm/postgresql'
import { Logger, runMigrations } from 'graphile-worker'
import { type ClientConfig, Pool } from 'pg'
import { sleep } from '#platform/retry.ts'
import { queryOn, withClient, type Query } from './client.ts'
import { connectionConfig } from './connection.ts'
import type { Directory } from './database.ts'
import { grantJobs } from './job-access.ts'
import { migrations } from './migrations/list.ts'
import { entityManagerConfig } from './orm.ts'
import { createPartitions } from './partitions.ts'
import { appRole, workerRole } from './roles.ts'
import { databaseError, sqlState } from './unavailable.ts'

/** Any constant; whoever migrates this database holds it meanwhile. */
const migrationLock = 7_246_001
/** A migration may rewrite a table: no statement timeout but this. */
const statementTimeoutMs = 3_600_000
const lockPollMs = 100
/**
 * deadlock_detected and lock_not_available: a migration waits only briefly for a table in use, since everybody else
 * waits behind it; then it is rolled back and begins again.
 */
const busyStates: ReadonlySet<string | undefined> = new Set(['40P01', '55P03'])
const busyAttempts = 100
const busyPauseMs = 500
/** The operator's leader keeps the partitions from then on. */
const firstPartitionDays = 7

/** The roles that serve tenants are missing; the message says how to get them. */
export class MissingRolesError extends Error {
  constructor(roles: readonly string[]) {
    super(`The database has no role ${roles.join(' and ')}: create them before the migration`)
    this.name = 'MissingRolesError'
  }
}

/**
 * Migrates as the owner of the schema, who is no superuser. May be called at any time and by several at once: one
 * works, the others wait and then find nothing to do. The job tables come first and our own last, so that a
 * database whose migrations are complete has everything.
 *
 * @throws MissingRolesError, DatabaseUnavailableError, `signal.reason` when aborted while waiting for the lock
 */
export async function migrate(
  ownerUrl: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { signal } = options
  const config = connectionConfig({ url: ownerUrl, applicationName: 'scim-migrate', statementTimeoutMs })
  await using stack = new AsyncDisposableStack()
  const pool = stack.adopt(new Pool({ ...config, max: 2 }), (opened) => opened.end())
  // Errors of a connection reach the statement that it runs; these listeners only keep the process alive.
  pool.on('error', () => undefined)
  pool.on('connect', (connected) => connected.on('error', () => undefined))
  const client = await pool.connect().catch((error: unknown) => {
    throw databaseError(error)
  })
  stack.defer(() => client.release(true))
  const query = queryOn(client)
  await takeLock(query, signal)
  await assertRoles(query)
  await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) })
  await grantJobs(query)
  await runOurs(config, signal)
  await createPartitions(query, new Date(), firstPartitionDays)
}

/**
 * Waits for the lock by asking again, so that an abort is heard. The lock belongs to the session: a process that
 * dies gives it up.
 */
async function takeLock(query: Query, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    signal?.throwIfAborted()
    const [answer] = await query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      migrationLock,
    ])
    if (answer?.taken === true) return
    await sleep(lockPollMs, signal)
  }
}

async function assertRoles(query: Query): Promise<void> {
  const needed = [appRole, workerRole]
  const rows = await query<{ role: string }>('select rolname as role from pg_roles where rolname = any($1)', [
    needed,
  ])
  const missing = needed.filter((role) => !rows.some((row) => row.role === role))
  if (missing.length > 0) throw new MissingRolesError(missing)
}

async function runOurs(config: ClientConfig, signal: AbortSignal | undefined): Promise<void> {
  const orm = await MikroORM.init(entityManagerConfig(config, 1))
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await orm.migrator.up()
        return
      } catch (error) {
        if (attempt === busyAttempts || !busyStates.has(sqlState(error))) throw error
        await sleep(busyPauseMs, signal)
      }
    }
  } finally {
    await orm.close()
  }
}

/**
 * True once every migration of this release has run; newer ones may have too, since a migration leaves the
 * previous release working. False on an empty database.
 *
 * @throws DatabaseUnavailableError
 */
export async function schemaIsCurrent(directory: Directory): Promise<boolean> {
  try {
    const rows = await withClient(directory, (query) =>
      query<{ name: string }>('select name from mikro_orm_migrations'),
    )
    const done = new Set(rows.map(({ name }) => name))
    return migrations.every(({ name }) => done.has(name))
  } catch (error) {
    // 42P01: no such table. 42501: it exists, but the first migration has not granted it yet.
    if (['42P01', '42501'].includes(sqlState(error) ?? '')) return false
    throw error
  }
}
