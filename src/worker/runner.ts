/** The job runner, started again whenever it ends by itself: it gives up after a few errors of Postgres in a row. */

import { Logger as JobLogger, run, type RunnerOptions, type TaskList } from 'graphile-worker'
import type { Outage } from '#directory/outage.ts'
import type { Logger } from '#platform/log.ts'
import { aborted } from '#platform/lifecycle.ts'
import { backoff, sleep } from '#platform/retry.ts'

export interface RunnerSettings {
  readonly pgPool: NonNullable<RunnerOptions['pgPool']>
  readonly tasks: TaskList
  readonly concurrency: number
  readonly log: Logger
  readonly outage: Outage
  /** Aborting lets jobs finish, cancels those that take longer than 5 s, and ends the runner. */
  readonly signal: AbortSignal
}

/** Longer than this and the next failure counts as the first. */
const steadyMs = 60_000

/** Runs jobs until the signal aborts; then resolves once no job runs any more. Never rejects. */
export async function runJobs(settings: RunnerSettings): Promise<void> {
  const { signal, outage } = settings
  for (let failures = 0; !signal.aborted; failures += 1) {
    const began = performance.now()
    try {
      await runOnce(settings)
    } catch (error) {
      outage.tell(error, 'job runner failed')
    }
    if (performance.now() - began > steadyMs) failures = 0
    await sleep(backoff(failures), signal).catch(() => undefined)
  }
}

/**
 * The runner is told of new jobs at once, but a job for later, such as that of a busy tenant, is only found by asking.
 * Asking is a read of an index that is nearly always empty.
 */
const pollInterval = 200

/**
 * Results go through the runner's batches, even though nothing is waited for to fill them: written one by one, an
 * error of Postgres there is a rejection that nobody handles, and stopping does not wait for them.
 */
const preset = { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } }

async function runOnce(settings: RunnerSettings): Promise<void> {
  const { pgPool, tasks, concurrency, log, outage, signal } = settings
  const logger = jobLogger(log, outage)
  const how = { concurrency, pollInterval, noHandleSignals: true, preset }
  const runner = await run({ pgPool, taskList: tasks, logger, ...how })
  const ended = runner.promise
  ended.catch(() => undefined)
  await Promise.race([ended, aborted(signal)])
  if (!signal.aborted) return
  // Rejects when the runner has ended in the same moment, which is what is wanted.
  await runner.stop().catch((error: unknown) => log.debug({ err: error }, 'job runner was stopped already'))
  await ended.catch((error: unknown) => log.warn({ err: error }, 'job runner did not end cleanly'))
}

/** The runner's own lines: what it does is for debugging, what fails is not, unless all of it fails for one reason. */
export function jobLogger(log: Logger, outage: Pick<Outage, 'isOn' | 'tell'>): JobLogger {
  return new JobLogger((scope) => (level, message, meta) => {
    const error = meta?.['error']
    const fields = { ...scope, ...(error === undefined ? {} : { err: error }) }
    const isTrouble = level === 'error' || level === 'warning'
    if (!isTrouble || outage.isOn()) log.debug(fields, message)
    else if (error === undefined) log.warn(fields, message)
    else outage.tell(error, message, fields)
  })
}
