/** Putting work into the job queue, from roles that cannot see it. */

import type { Directory } from './database.ts'
import type { TenantId } from './tenant-scope.ts'
import { readOutsideTenants } from './tenant-scope.ts'

/** Task identifiers of the worker. */
export const jobNames = { evaluate: 'evaluate' } as const

/** The job key of a tenant's evaluation: however often it is asked for, one job waits. */
export function evaluationKey(tenantId: TenantId): string {
  return `evaluate:${tenantId}`
}

/**
 * Asks for the evaluation of what is pending of a tenant; call it after the commit. A call that is lost costs only
 * time, since the worker also looks for pending tenants by itself.
 *
 * @throws DatabaseUnavailableError
 */
export async function enqueueEvaluation(directory: Directory, tenantId: TenantId): Promise<void> {
  await readOutsideTenants(directory, { text: 'select enqueue_evaluation($1)', values: [tenantId] })
}
