/**
 * Tells the worker that a tenant has changed: after the commit, outside the request's way, at most one statement
 * per tenant under way. A signal that is lost costs only time: the worker's sweep finds the tenant later.
 */

import type { Directory } from '#directory/database.ts'
import { enqueueEvaluation } from '#directory/jobs.ts'
import type { TenantId } from '#directory/tenant-scope.ts'

export interface EvaluationSignal extends AsyncDisposable {
  /** Returns at once. */
  mark(tenantId: TenantId): void
}

export const createEvaluationSignal = (
  directory: Directory,
  onError: (error: unknown, tenantId: TenantId) => void,
): EvaluationSignal => {
  /** Tenants whose signal is being sent; true if they changed again meanwhile. */
  const underWay = new Map<TenantId, boolean>()
  const sending = new Set<Promise<void>>()

  const send = async (tenantId: TenantId): Promise<void> => {
    do {
      underWay.set(tenantId, false)
      try {
        await enqueueEvaluation(directory, tenantId)
      } catch (error) {
        onError(error, tenantId)
      }
    } while (underWay.get(tenantId) === true)
    underWay.delete(tenantId)
  }

  return {
    mark(tenantId) {
      if (underWay.has(tenantId)) {
        underWay.set(tenantId, true)
        return
      }
      const sent = send(tenantId).finally(() => sending.delete(sent))
      sending.add(sent)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sending)
    },
  }
}
