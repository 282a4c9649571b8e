/** A process of its own, server, bare server or worker: it tells its parent the port and ends with it. */
import { openDirectory } from '#directory/database.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { openKeyring } from '#platform/pepper.ts'
import { startServer } from '#server/server.ts'
import { startWorker } from '#worker/worker.ts'

import { startBare } from './bare.ts'

/** What the parent sends first. */
export interface ServerOrder {
  readonly kind: 'product' | 'bare' | 'worker'
  readonly databaseUrl: string
  readonly poolSize: number
  /** Of the product. */
  readonly pepperFolder: string
}

const startProduct = async ({ databaseUrl, poolSize, pepperFolder }: ServerOrder): Promise<number> => {
  const log = createLogger('server', { level: 'warn' })
  const onError = (error: unknown): void => log.warn({ err: error }, 'database')
  const directory = await openDirectory({ url: databaseUrl, poolSize, applicationName: 'bench', onError })
  const server = await startServer({
    directory,
    keyring: await openKeyring(pepperFolder),
    metrics: createMetrics(),
    log,
    scimPort: 0,
    directoryPort: 0,
    host: '127.0.0.1',
    pathRouting: true,
  })
  return server.scimPort
}

const startWorkerHere = async ({ databaseUrl }: ServerOrder): Promise<number> => {
  const log = createLogger('worker', { level: 'warn' })
  const directory = await openDirectory({ url: databaseUrl, applicationName: 'bench-worker' })
  await startWorker({ url: databaseUrl, directory, metrics: createMetrics(), log })
  return 0
}

const starters = { product: startProduct, bare: startBare, worker: startWorkerHere }

process.once('disconnect', () => process.exit())
process.once('message', (order: ServerOrder) => {
  starters[order.kind](order).then(
    (port) => process.send?.({ port }),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
