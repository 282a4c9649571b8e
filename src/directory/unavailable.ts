/** Which errors mean that Postgres is away, as one type that the edges turn into "try again". */

import { DriverException } from '@mikro-orm/core'
import { DatabaseError } from 'pg'

/** Postgres could not be reached, or went away before it answered. Nothing is known about an unanswered commit. */
export class DatabaseUnavailableError extends Error {
  constructor(cause: unknown) {
    super('The database is not available', { cause })
    this.name = 'DatabaseUnavailableError'
  }
}

/**
 * SQLSTATE classes and codes of an absent server: 08 connection exception, 57P operator intervention (shutdown,
 * starting up, dropped), 53300 too many connections, 25006 a primary that has become a standby.
 */
const unavailableStates = /^(?:08...|57P..|53300|25006)$/
const sqlStatePattern = /^[0-9A-Z]{5}$/
/** ECONNREFUSED, EPIPE, ENOTFOUND and their like, as Node names errors of the system. */
const systemErrorPattern = /^E[A-Z_]{3,}$/

/**
 * Gives an error of a `pg` connection its type. What the server reports stays as it is (look at `sqlState`), unless
 * it says that the server goes away; whatever else a connection or pool throws (socket errors, time limits) came
 * without an answer of the server. Errors of the language are our own mistakes and stay what they are.
 */
export function databaseError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailableError) return error
  const state = sqlState(error)
  if (state !== undefined) return unavailableStates.test(state) ? new DatabaseUnavailableError(error) : error
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    return error
  return new DatabaseUnavailableError(error)
}

/**
 * The same for what came through MikroORM or the job runner, mixed with errors that never saw a connection: only what
 * the driver wrapped, what the server said and what the system reported is the database's.
 */
export function entityError(error: unknown): unknown {
  return error instanceof DriverException ||
    error instanceof DatabaseError ||
    systemErrorPattern.test(codeOf(error))
    ? databaseError(error)
    : error
}

/** SQLSTATE of an error that the server reported, `undefined` for everything else. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof DatabaseError) && !(error instanceof DriverException)) return undefined
  const code = codeOf(error)
  return sqlStatePattern.test(code) && !systemErrorPattern.test(code) ? code : undefined
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}
