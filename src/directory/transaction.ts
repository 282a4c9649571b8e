/** A transaction on the pool: few round trips, cancelled in Postgres when the caller goes away. */

import { Client, type Pool, type PoolClient, type QueryConfig, type QueryResult } from 'pg'
import type { Directory } from './database.ts'
import { flightOn, rolledBack } from './one-flight.ts'
import type { Statement } from './statement.ts'
import { databaseError, DatabaseUnavailableError } from './unavailable.ts'

/** The statements of a transaction; they are refused once it has ended or its signal has aborted. */
export interface Session {
  query<Row>(statement: Statement): Promise<Row[]>
}

export interface TransactionOptions {
  /** Tenant setting of the transaction; absent for what the owner does across tenants. */
  readonly tenantId?: string
  readonly signal?: AbortSignal
  /** The work is one statement, or several sent in one turn: all leaves in one round trip (one-flight.ts). */
  readonly isOneStatement?: boolean
  /** All statements only read, and see one state of the directory. */
  readonly isSnapshot?: boolean
}

/** With names, since `pg` sends what has none, and no values, by itself (gathering-socket.ts); not behind a pooler. */
const named = (directory: Directory, name: string, text: string): QueryConfig =>
  directory.isPooled ? { text } : { name, text }

const snapshotText = 'begin isolation level repeatable read read only'
const openingText = "select set_config('scim.tenant', $1, true), pg_backend_pid() as pid"

/**
 * Runs `work` in a transaction and commits. `begin`, the tenant setting and the first statement leave in one
 * flight. When the signal aborts, the running statement is cancelled in Postgres and the connection is given up: a
 * cancellation that arrives late would hit the next one who uses it. An abort that comes with the commit is too
 * late: the transaction is then committed, and the answer is the result.
 */
export async function inTransaction<T>(
  directory: Directory,
  options: TransactionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { signal } = options
  const client = await connect(options.isSnapshot === true ? directory.snapshots : directory.pool)
  const { opening, session } = begin(client, directory, options)
  let cancelling: Promise<void> | undefined
  const cancel = (): void => {
    cancelling = cancelBackend(directory, opening)
  }
  try {
    const result = await whileListening(signal, cancel, () => work(session))
    await opening
    await session.commit()
    client.release()
    return result
  } catch (error) {
    // The statements after a failed opening fail too, with errors that say less.
    const cause = await opening.then(
      () => error,
      (openingError: unknown) => databaseError(openingError),
    )
    await cancelling
    const isAborted = cancelling !== undefined || (signal?.aborted === true && error === signal.reason)
    await giveBack(client, session, isAborted || cause instanceof DatabaseUnavailableError)
    throw isAborted ? signal?.reason : cause
  } finally {
    session.end()
  }
}

/**
 * Runs the work and calls `onAbort` if the signal aborts meanwhile. Not a moment longer: a cancellation after that
 * would hit the commit, the rollback, or whoever gets the connection next.
 */
async function whileListening<T>(
  signal: AbortSignal | undefined,
  onAbort: () => void,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const result = await work()
    signal?.throwIfAborted()
    return result
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw databaseError(error)
  }
}

interface Begun {
  /** The process id of the backend. */
  readonly opening: Promise<number>
  readonly session: EndingSession
}

function begin(client: PoolClient, directory: Directory, options: TransactionOptions): Begun {
  const pid = pidOf(client)
  // Behind a pooler the connection is not that of the backend, whose process has to be asked for.
  if (options.isOneStatement === true && !directory.isPooled && pid !== undefined)
    return { opening: Promise.resolve(pid), session: sessionOfFlight(client, options) }
  return { opening: open(client, directory, options), session: sessionOn(client, directory, options) }
}

/** As Postgres told it when the connection was opened. */
function pidOf(client: PoolClient): number | undefined {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined
}

/** Begins and sets the tenant without waiting; resolves with the process id of the backend. */
function open(
  client: PoolClient,
  directory: Directory,
  { tenantId = '', isSnapshot = false }: TransactionOptions,
): Promise<number> {
  const opening = Promise.all([
    client.query(
      isSnapshot ? named(directory, 'begin_snapshot', snapshotText) : named(directory, 'begin', 'begin'),
    ),
    client.query<{ pid: number }>({
      ...named(directory, 'open_transaction', openingText),
      values: [tenantId],
    }),
  ]).then(([, { rows }]) => rows[0]?.pid ?? 0)
  // Awaited later, and by more than one; a failure in between must not count as unhandled.
  opening.catch(() => undefined)
  return opening
}

interface EndingSession extends Session {
  commit(): Promise<void>
  rollBack(): Promise<unknown>
  end(): void
}

function sessionOfFlight(client: PoolClient, { tenantId = '', signal }: TransactionOptions): EndingSession {
  const flight = flightOn(client, tenantId)
  let hasEnded = false
  return {
    async query<Row>(statement: Statement) {
      if (hasEnded) throw new Error('The transaction has ended')
      signal?.throwIfAborted()
      return flight.query<Row>(statement)
    },
    commit: () => flight.landed(),
    // Postgres has done it by itself, or there is nothing to roll back any more.
    rollBack: () => flight.landed().catch(() => undefined),
    end() {
      hasEnded = true
    },
  }
}

function sessionOn(client: PoolClient, directory: Directory, options: TransactionOptions): EndingSession {
  let hasEnded = false
  let committing: Promise<QueryResult> | undefined
  let firstError: { readonly error: unknown } | undefined
  const sendCommit = (): Promise<QueryResult> => {
    hasEnded = true
    const sent = client.query(named(directory, 'commit', 'commit'))
    sent.catch(() => undefined)
    return sent
  }
  return {
    async query(statement) {
      if (hasEnded) throw new Error('The transaction has ended')
      options.signal?.throwIfAborted()
      // An old transaction pooler does not know prepared statements: nothing has a name there.
      const { name, ...unnamed } = statement
      const isNamed = name !== undefined && !directory.isPooled
      const answer = client.query({
        ...unnamed,
        values: [...statement.values],
        ...(isNamed && { name }),
      })
      if (options.isOneStatement === true && committing === undefined) {
        // After everything else that the work sends in this turn.
        committing = Promise.resolve().then(sendCommit)
        committing.catch(() => undefined)
      }
      try {
        return (await answer).rows
      } catch (error) {
        // What was sent behind a statement that failed fails too, with an error that hides the reason.
        firstError ??= { error }
        throw databaseError(firstError.error)
      }
    },
    async commit() {
      const { command } = await (committing ?? sendCommit()).catch((error: unknown) => {
        throw databaseError(error)
      })
      // Postgres answers the commit of a failed transaction with ROLLBACK, not with an error.
      if (command !== 'COMMIT') throw rolledBack(firstError?.error)
    },
    rollBack: () => client.query('rollback'),
    end() {
      hasEnded = true
    },
  }
}

/** Rolls back and returns the connection to the pool, or closes it, which makes Postgres roll back. */
async function giveBack(client: PoolClient, session: EndingSession, isUnusable: boolean): Promise<void> {
  if (isUnusable) return client.release(true)
  try {
    await session.rollBack()
    client.release()
  } catch {
    client.release(true)
  }
}

/** Cancels what a backend runs, over a connection of its own: the pool may have none left. */
async function cancelBackend(directory: Directory, opening: Promise<number>): Promise<void> {
  const control = new Client(directory.config)
  control.on('error', directory.onError)
  try {
    const pid = await opening
    await control.connect()
    await control.query('select pg_cancel_backend($1)', [pid])
  } catch (error) {
    // Not fatal: the connection is given up, and the statement timeout ends what still runs.
    directory.onError(error)
  } finally {
    await control.end().catch(directory.onError)
  }
}
