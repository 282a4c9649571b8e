/** Connections for the job runner: its own, since it listens on one and takes jobs on the others. */

import { Pool } from 'pg'
import { databaseError } from './unavailable.ts'

export interface JobPoolOptions {
  readonly url: string
  readonly size: number
  readonly applicationName: string
  /** Told of connections that died; the pool replaces them. */
  readonly onError: (error: unknown) => void
}

export interface JobPool extends AsyncDisposable {
  readonly pool: Pool
}

/** Values arrive as pg parses them by default, as the runner expects; a direct connection, since it listens. */
export function openJobPool({ url, size, applicationName, onError }: JobPoolOptions): JobPool {
  const pool = new Pool({
    connectionString: url,
    max: size,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  })
  const onLoss = (error: unknown): void => onError(databaseError(error))
  pool.on('error', onLoss)
  pool.on('connect', (client) => client.on('error', onLoss))
  return { pool, [Symbol.asyncDispose]: () => pool.end() }
}
