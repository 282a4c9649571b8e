/** The open directory: the pools for transactions, the shared connections for point reads, the entities. */

import { MikroORM } from '@mikro-orm/postgresql'
import { type ClientConfig, Pool } from 'pg'
import { connectionConfig, type DirectoryOptions } from './connection.ts'
import { entityManagerConfig } from './orm.ts'
import { openPipelines, type Pipelines } from './pipeline.ts'

export type { DirectoryOptions } from './connection.ts'

/** Its fields are for this room only; everybody else hands it to this room's functions. */
export interface Directory extends AsyncDisposable {
  readonly pool: Pool
  /** For reads that take as long as their clients do: slow ones leave the connections of all others alone. */
  readonly snapshots: Pool
  readonly pipelines: Pipelines
  readonly orm: MikroORM
  readonly isPooled: boolean
  /** For a connection of its own: cancelling, listening. */
  readonly config: ClientConfig
  readonly onError: (error: unknown) => void
}

/**
 * Opens the directory. Connections are made when they are first needed, so that a process starts while Postgres
 * is away; calls then fail with DatabaseUnavailableError and work again, without a restart, once it is back.
 */
export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const onError = options.onError ?? (() => undefined)
  const config = connectionConfig(options)
  const pool = openPool(config, options.poolSize ?? 10, onError)
  const snapshots = openPool(config, options.snapshots ?? 4, onError)
  const pipelines = openPipelines(config, options.pipelines ?? 4, onError)
  const orm = await MikroORM.init(entityManagerConfig(config, options.poolSize ?? 10))
  return {
    pool,
    snapshots,
    pipelines,
    orm,
    isPooled: options.isPooled ?? false,
    config,
    onError,
    async [Symbol.asyncDispose]() {
      await Promise.all([pipelines[Symbol.asyncDispose](), orm.close(), pool.end(), snapshots.end()])
    },
  }
}

function openPool(config: ClientConfig, max: number, onError: (error: unknown) => void): Pool {
  const pool = new Pool({ ...config, max })
  // An idle connection that dies is replaced by the pool; without a listener its error would end the process.
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
