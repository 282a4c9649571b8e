/** The backstop: asks for the evaluation of every tenant that waits, whether or not anybody asked before. */

import type { Directory } from '#directory/database.ts'
import { tenantsWithPending } from '#directory/evaluation.ts'
import { enqueueEvaluation } from '#directory/jobs.ts'
import type { Metrics } from '#platform/metrics.ts'

/**
 * A server that died between its commit and its request, and a worker that died within a job, which nobody else may
 * touch for hours: both leave marks behind, and marks are what is looked for.
 */
export async function sweep(
  directory: Directory,
  metrics: Pick<Metrics, 'pendingTenants'>,
  signal: AbortSignal,
): Promise<void> {
  const tenants = await tenantsWithPending(directory, { signal })
  metrics.pendingTenants.set(tenants.length)
  for (const tenantId of tenants) {
    signal.throwIfAborted()
    await enqueueEvaluation(directory, tenantId)
  }
}
