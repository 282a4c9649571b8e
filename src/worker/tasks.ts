/** The tasks that the job runner knows: their payloads parsed, their outcomes counted and acted on. */

import type { JobHelpers, TaskList } from 'graphile-worker'
import type { Directory } from '#directory/database.ts'
import { evaluationKey, jobNames } from '#directory/jobs.ts'
import { type TenantId, tenantIdOf } from '#directory/tenant-scope.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'
import { type EvaluationMetrics, type JobOutcome, runEvaluation } from './evaluate.ts'

export interface TaskContext {
  readonly directory: Directory
  readonly metrics: EvaluationMetrics & Pick<Metrics, 'jobs' | 'jobDuration'>
  readonly log: Logger
  /** Ends turns early, before jobs are cancelled. */
  readonly stopping: AbortSignal
}

export function taskList(context: TaskContext): TaskList {
  return { [jobNames.evaluate]: (payload, helpers) => evaluateTask(context, tenantIn(payload), helpers) }
}

async function evaluateTask(context: TaskContext, tenantId: TenantId, helpers: JobHelpers): Promise<void> {
  const { directory, metrics, stopping } = context
  const task = jobNames.evaluate
  const began = performance.now()
  const signal = helpers.abortSignal ?? new AbortController().signal
  try {
    const outcome = await runEvaluation({ directory, metrics, tenantId, signal, stopping })
    await followUp(helpers, tenantId, outcome)
    metrics.jobs.inc({ task, result: outcome.kind })
  } catch (error) {
    metrics.jobs.inc({ task, result: 'error' })
    context.log.warn({ err: error, tenant: tenantId }, 'evaluation failed')
    throw error
  } finally {
    metrics.jobDuration.observe({ task }, (performance.now() - began) / 1000)
  }
}

/** The same key as every request for this tenant: however many ask, one job waits, at the place it has. */
async function followUp(helpers: JobHelpers, tenantId: TenantId, outcome: JobOutcome): Promise<void> {
  if (outcome.kind === 'done') return
  const runAt = outcome.afterMs === 0 ? {} : { runAt: new Date(Date.now() + outcome.afterMs) }
  const key = { jobKey: evaluationKey(tenantId), jobKeyMode: 'preserve_run_at' as const }
  await helpers.addJob(jobNames.evaluate, { tenant: tenantId }, { ...key, ...runAt })
}

function tenantIn(payload: unknown): TenantId {
  const tenant =
    typeof payload === 'object' && payload !== null && 'tenant' in payload ? payload.tenant : undefined
  if (typeof tenant !== 'string') throw new TypeError('The payload of an evaluation names no tenant')
  return tenantIdOf(tenant)
}
