/** The job of one tenant: works for a bounded time, so that other tenants get their turn, and leaves nothing behind. */

import type { Directory } from '#directory/database.ts'
import { evaluatePending, type EvaluationStep, hasWork, recomputeNext } from '#directory/evaluation.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import type { Metrics } from '#platform/metrics.ts'

/** Marks per transaction: a change waits for the transaction before it, so that this stays well below a second. */
const pendingLimit = 2_000
/** Users per transaction of a pass: 256 rules over these take 150 ms, of which 15 are the same for any number. */
const passLimit = 5_000
/** Time after which a tenant goes to the end of the line. */
const turnMs = 1_000
/** How long to stay away from a tenant that somebody else works on: at least, and spread over as much again. */
const busyMs = 50
const busySpreadMs = 150

export type EvaluationMetrics = Pick<Metrics, 'assignmentLag' | 'evaluatedUsers' | 'assignmentChanges'>

export interface EvaluationJob {
  readonly directory: Directory
  readonly metrics: EvaluationMetrics
  readonly tenantId: TenantId
  /** Cancels what runs. */
  readonly signal: AbortSignal
  /** Ends the turn after the transaction that runs. */
  readonly stopping: AbortSignal
}

/** Nothing is left to do; or the tenant is to be looked at again, at once at the end of the line or later. */
export type JobOutcome = { readonly kind: 'done' } | { readonly kind: 'again'; readonly afterMs: number }

/**
 * Takes turns between what was touched and a pass over all users, so that neither waits for the end of the other.
 * A job that finds the tenant busy comes back: the other one may have looked for the last time already.
 */
export async function runEvaluation(job: EvaluationJob): Promise<JobOutcome> {
  const { directory, tenantId, signal, stopping } = job
  const deadline = performance.now() + turnMs
  do {
    const touched = await evaluatePending(directory, tenantId, { limit: pendingLimit, signal })
    record(job.metrics, touched)
    const passed = await recomputeNext(directory, tenantId, { limit: passLimit, signal })
    record(job.metrics, passed)
    if (touched.kind === 'busy' || passed.kind === 'busy') {
      return { kind: 'again', afterMs: busyMs + Math.random() * busySpreadMs }
    }
    if (touched.kind === 'idle' && passed.kind === 'idle') return { kind: 'done' }
  } while (performance.now() < deadline && !stopping.aborted)
  return (await hasWork(directory, tenantId, { signal })) ? { kind: 'again', afterMs: 0 } : { kind: 'done' }
}

function record(metrics: EvaluationMetrics, step: EvaluationStep): void {
  if (step.kind !== 'evaluated') return
  metrics.evaluatedUsers.inc(step.users)
  metrics.assignmentChanges.inc({ change: 'granted' }, step.granted)
  metrics.assignmentChanges.inc({ change: 'revoked' }, step.revoked)
  if (step.oldest !== null) {
    metrics.assignmentLag.observe(Math.max(0, Date.now() - step.oldest.getTime()) / 1000)
  }
}
