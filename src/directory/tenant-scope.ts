/** The only doors to tenant data: a transaction, a snapshot and a point read of one tenant. */

import { sleep } from '#platform/retry.ts'
import type { Directory } from './database.ts'
import type { Statement } from './statement.ts'
import { inTransaction, type Session } from './transaction.ts'
import { sqlState } from './unavailable.ts'

export type { Statement } from './statement.ts'

declare const tenantIdBrand: unique symbol
/** The uuid of a tenant, checked; the only thing that opens its data. */
export type TenantId = string & { readonly [tenantIdBrand]: true }

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Parses the uuid of a tenant (lower case, as Postgres prints it). @throws TypeError when it is none. */
export function tenantIdOf(text: string): TenantId {
  const id = text.toLowerCase()
  if (!isTenantId(id)) throw new TypeError('A tenant id is a uuid')
  return id
}

function isTenantId(text: string): text is TenantId {
  return uuidPattern.test(text)
}

/** A transaction of one tenant; usable until the function that got it has ended. */
export interface TenantScope {
  readonly tenantId: TenantId
  /** Runs one statement; it names the tenant itself, row-level security is the second lock. */
  query<Row>(statement: Statement): Promise<Row[]>
  /** Runs statements in order, sent in one flight: one round trip instead of one each. */
  batch(statements: readonly Statement[]): Promise<unknown[][]>
}

export interface TenantOptions {
  /** Aborting cancels the running statement in Postgres and rolls back. */
  readonly signal?: AbortSignal
  /** How often the work is run again after a serialization failure or deadlock, 5 by default. */
  readonly retries?: number
  /**
   * The work is one statement, or several sent in one turn (`batch`, or queries without an await between them): the
   * commit leaves with them, and all is one round trip. Further statements are refused.
   */
  readonly isOneStatement?: boolean
}

/**
 * serialization_failure, deadlock_detected, and lock_not_available of a statement that would not wait: Postgres
 * rolled back, and running it again is the remedy.
 */
const isWorthRetrying = (error: unknown): boolean =>
  ['40001', '40P01', '55P03'].includes(sqlState(error) ?? '')

/**
 * Runs `work` in a transaction of one tenant and commits it; any error of `work` rolls back and is thrown on.
 * `work` may run several times, so it changes nothing but the database.
 *
 * @throws DatabaseUnavailableError when Postgres is away, `signal.reason` when aborted, `pg.DatabaseError` otherwise
 */
export async function inTenant<T>(
  directory: Directory,
  tenantId: TenantId,
  options: TenantOptions,
  work: (scope: TenantScope) => Promise<T>,
): Promise<T> {
  const retries = options.retries ?? 5
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await inTransaction(directory, { tenantId, ...options }, (session) =>
        work(scopeOf(tenantId, session)),
      )
    } catch (error) {
      if (attempt >= retries || !isWorthRetrying(error)) throw error
      // Two that deadlocked would meet again if both waited the same time.
      await sleep(Math.random() * 10 * 2 ** attempt, options.signal)
    }
  }
}

/** A transaction that only reads. All of its statements see one state of the directory; disposing it ends it. */
export interface Snapshot extends TenantScope, AsyncDisposable {}

/** However slowly a client takes its answer: what was deleted since a snapshot cannot be cleared away. */
const longestSnapshotMs = 300_000

/**
 * Opens a snapshot for an answer that is read while it is sent. It ends after five minutes, and when the signal aborts;
 * a running statement is then cancelled in Postgres. Postgres itself ends it when nothing is read for a minute.
 *
 * @throws as inTenant
 */
export async function openSnapshot(
  directory: Directory,
  tenantId: TenantId,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Snapshot> {
  const signals = options.signal === undefined ? [] : [options.signal]
  const signal = AbortSignal.any([...signals, AbortSignal.timeout(longestSnapshotMs)])
  const opened = Promise.withResolvers<TenantScope>()
  const disposed = Promise.withResolvers<void>()
  const ended = inTransaction(directory, { tenantId, signal, isSnapshot: true }, (session) => {
    opened.resolve(scopeOf(tenantId, session))
    return untilAborted(disposed.promise, signal)
  })
  ended.catch(opened.reject)
  return {
    ...(await opened.promise),
    async [Symbol.asyncDispose]() {
      disposed.resolve()
      // Whatever ended it early, the statements that met it have told.
      await ended.catch(() => undefined)
    },
  }
}

function scopeOf(tenantId: TenantId, session: Session): TenantScope {
  return {
    tenantId,
    query: (statement) => session.query(statement),
    batch: (statements) => Promise.all(statements.map((statement) => session.query(statement))),
  }
}

/**
 * One indexed read of one tenant, on a shared connection with many others in flight. Aborting only stops the
 * waiting. Anything that may be slow belongs in `inTenant`.
 *
 * @throws DatabaseUnavailableError when Postgres is away, `signal.reason` when aborted, `pg.DatabaseError` otherwise
 */
export async function readInTenant<Row>(
  directory: Directory,
  tenantId: TenantId,
  statement: Statement,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Row[]> {
  return pointRead(directory, tenantId, statement, options)
}

/**
 * One short statement that belongs to no tenant: it sees the tables without row-level security and may call the
 * functions made for that, and of tenant data nothing.
 */
export async function readOutsideTenants<Row>(
  directory: Directory,
  statement: Statement,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Row[]> {
  return pointRead(directory, '', statement, options)
}

async function pointRead<Row>(
  directory: Directory,
  setting: TenantId | '',
  statement: Statement,
  { signal }: { readonly signal?: AbortSignal },
): Promise<Row[]> {
  signal?.throwIfAborted()
  // Behind a transaction pooler a session setting would stay with a connection that the next client gets.
  if (directory.isPooled) {
    const options = { tenantId: setting, isOneStatement: true, ...(signal !== undefined && { signal }) }
    return inTransaction(directory, options, (session) => session.query(statement))
  }
  const answer = directory.pipelines.read<Row>(setting, statement)
  return signal === undefined ? answer : untilAborted(answer, signal)
}

/** The answer, or the signal's reason as soon as it aborts; the answer is then dropped. */
async function untilAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
