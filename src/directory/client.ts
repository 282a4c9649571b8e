/** A connection of the pool for work that is not one tenant's transaction. */

import type { ClientBase } from 'pg'
import type { Directory } from './database.ts'
import { databaseError, DatabaseUnavailableError } from './unavailable.ts'

/** Runs one statement and returns its rows; transactions and locks are up to the caller. */
export type Query = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>

/** The statements of one connection, their errors with their types. */
export function queryOn(client: ClientBase): Query {
  return async (text, values = []) => {
    try {
      return (await client.query(text, [...values])).rows
    } catch (error) {
      throw databaseError(error)
    }
  }
}

/** Lends a connection of the pool; one that died is not given back. */
export async function withClient<T>(directory: Directory, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await directory.pool.connect().catch((error: unknown) => {
    throw databaseError(error)
  })
  let isUnusable = false
  try {
    return await work(queryOn(client))
  } catch (error) {
    isUnusable = error instanceof DatabaseUnavailableError
    throw error
  } finally {
    client.release(isUnusable)
  }
}
