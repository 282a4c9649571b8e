/** Which errors mean that Postgres is away, as one type that the edges turn into "try again". */

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
const isUnavailableState = (state: string): boolean =>
  state.startsWith('08') || state.startsWith('57P') || state === '53300' || state === '25006'

/**
 * Gives an error of `pg` its type. What the server reports keeps its own (`pg.DatabaseError`, by `code`) unless it
 * says that the server goes away; whatever else a connection or pool throws (socket errors, time limits) came
 * without an answer of the server. Errors of the language are our own mistakes and stay what they are.
 */
export function databaseError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailableError) return error
  if (error instanceof DatabaseError) {
    return isUnavailableState(error.code ?? '') ? new DatabaseUnavailableError(error) : error
  }
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    return error
  return new DatabaseUnavailableError(error)
}

/** SQLSTATE of an error of the server, `undefined` for everything else. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}
