/** The worker: jobs from the queue, the sweep behind it, and the queue's housekeeping. */

import type { Directory } from '#directory/database.ts'
import { openJobPool } from '#directory/job-pool.ts'
import { watchOutage } from '#directory/outage.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'
import { sleep } from '#platform/retry.ts'
import { removeDeadJobs } from './housekeeping.ts'
import { jobLogger, runJobs } from './runner.ts'
import { sweep } from './sweep.ts'
import { taskList } from './tasks.ts'

export interface WorkerOptions {
  /** URL of the role `scim_worker`, a direct connection: the job runner listens on it. */
  readonly url: string
  /** Opened with the same role. */
  readonly directory: Directory
  readonly metrics: Metrics
  readonly log: Logger
  /** Jobs at a time, 4 unless told. */
  readonly concurrency?: number
  /** Between two sweeps, 5,000 unless told. */
  readonly sweepMs?: number
  /** Stops it as disposing does, which then only waits for the end. */
  readonly signal?: AbortSignal
}

const housekeepingMs = 3_600_000

/**
 * Starts at once and works as soon as Postgres is there and migrated; until then, and whenever Postgres goes away, it
 * tries again. Disposing lets running jobs end their transaction.
 */
export async function startWorker(options: WorkerOptions): Promise<AsyncDisposable> {
  const { url, directory, metrics, log, concurrency = 4, sweepMs = 5_000 } = options
  const ending = new AbortController()
  const signal =
    options.signal === undefined ? ending.signal : AbortSignal.any([ending.signal, options.signal])
  const outage = watchOutage(directory, log)
  const onError = (error: unknown) => {
    // Connections that end with the runner are no news.
    if (!signal.aborted) outage.tell(error, 'connection of the job runner lost')
  }
  const jobPool = openJobPool({ url, size: concurrency + 3, applicationName: 'scim-worker-jobs', onError })
  const { pool: pgPool } = jobPool
  const tasks = taskList({ directory, metrics, log, stopping: signal })
  const logger = jobLogger(log, outage)
  const running = Promise.all([
    runJobs({ pgPool, tasks, concurrency, log, outage, signal }),
    every(sweepMs, 'sweep', () => sweep(directory, metrics, signal)),
    every(housekeepingMs, 'housekeeping', () => removeDeadJobs(pgPool, logger)),
  ])

  async function every(milliseconds: number, what: string, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        if (!signal.aborted) outage.tell(error, `${what} failed`)
      })
      // Spread, so that several workers do not look in the same moment.
      await sleep(milliseconds * (0.9 + Math.random() * 0.2), signal).catch(() => undefined)
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      ending.abort()
      await running
      await outage[Symbol.asyncDispose]()
      await jobPool[Symbol.asyncDispose]()
    },
  }
}
