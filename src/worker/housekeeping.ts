/** What the job queue leaves behind. */

import { type Logger, makeWorkerUtils, type WorkerUtilsOptions } from 'graphile-worker'

type JobConnections = NonNullable<WorkerUtilsOptions['pgPool']>

/** Removes jobs that will never run again: those that were replaced while a worker that died still held them. */
export async function removeDeadJobs(pgPool: JobConnections, logger: Logger): Promise<void> {
  const utils = await makeWorkerUtils({ pgPool, logger })
  try {
    await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] })
  } finally {
    await utils.release()
  }
}
