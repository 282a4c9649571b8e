/** How every connection of the directory is configured, and how Postgres values become JavaScript values. */

import { type ClientConfig, TypeOverrides, types } from 'pg'
import { GatheringSocket } from './gathering-socket.ts'

export interface DirectoryOptions {
  readonly url: string
  readonly applicationName: string
  /** Connections for transactions, 10 by default. */
  readonly poolSize?: number
  /** Shared connections for point reads, 4 by default. */
  readonly pipelines?: number
  /** Connections for answers that are read while they are sent, 4 by default; made when they are needed. */
  readonly snapshots?: number
  /** True behind a transaction pooler (PgBouncer): nothing may live in the session. */
  readonly isPooled?: boolean
  /** After this a statement is cancelled by Postgres, 30,000 by default. Behind a pooler it is set on the role. */
  readonly statementTimeoutMs?: number
  /** Told of connections that died while nobody was waiting for them. */
  readonly onError?: (error: unknown) => void
}

/** A connection that takes longer than this to open is given up: the caller hears it soon. */
const connectionTimeoutMs = 5_000
/** What a transaction may idle between two statements, so that a hung process frees its locks. */
const idleInTransactionMs = 60_000
/** How much longer than Postgres' own limit we wait for an answer, before we take the connection for dead. */
const answerGraceMs = 5_000
/**
 * How long a point read may take, which takes the server milliseconds: a shared connection that is silent for so long
 * is dead, also when nobody closed it (a frozen server, a network that swallows everything).
 */
export const pointReadLimitMs = 5_000

const parsers = new TypeOverrides()
/** int8 (versions, counts) as a number; one that a number cannot hold is an error, never a near miss. */
parsers.setTypeParser(types.builtins.INT8, (text: string) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`An int8 is not a safe integer: ${text}`)
  return value
})
/** date as its text (2026-11-22): a day has no time zone. */
parsers.setTypeParser(types.builtins.DATE, (text: string) => text)

/** Configuration for `pg.Pool` and `pg.Client`. */
export function connectionConfig(options: DirectoryOptions): ClientConfig {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectionTimeoutMs,
    keepAlive: true,
    pipeline: true,
    stream: () => new GatheringSocket(),
    query_timeout: statementTimeoutMs + answerGraceMs,
    types: parsers,
    // PgBouncer refuses a connection that brings these along.
    ...(options.isPooled !== true && {
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
    }),
  }
}
