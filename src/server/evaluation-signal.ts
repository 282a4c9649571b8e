/**
 * Tells the worker that a tenant has changed: after the commit, outside the request's way. The first change is told
 * at once, those that follow together a moment later: a signal is a commit of its own, and one behind every write of
 * a busy tenant would double its commits. A signal that is lost costs only time: the worker's sweep finds the tenant
 * later.
 */

import type { Directory } from '#directory/database.ts'
import { enqueueEvaluation } from '#directory/jobs.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { sleep } from '#platform/retry.ts'

export interface EvaluationSignal extends AsyncDisposable {
  /** Returns at once. */
  mark(tenantId: TenantId): void
}

/** Between two signals of a tenant. */
const restMs = 50

export const createEvaluationSignal = (
  directory: Directory,
  onError: (error: unknown, tenantId: TenantId) => void,
): EvaluationSignal => {
  /** Tenants whose signal is being sent; true if they changed again meanwhile. */
  const underWay = new Map<TenantId, boolean>()
  const sending = new Set<Promise<void>>()
  /** Ends every rest, since what was marked is told before the process ends. */
  const closing = new AbortController()
  const rest = (): Promise<void> => sleep(restMs, closing.signal).catch(() => undefined)

  const send = async (tenantId: TenantId): Promise<void> => {
    do {
      underWay.set(tenantId, false)
      try {
        await enqueueEvaluation(directory, tenantId)
      } catch (error) {
        onError(error, tenantId)
      }
      await rest()
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
      closing.abort()
      await Promise.all(sending)
    },
  }
}
