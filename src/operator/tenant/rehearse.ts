/** What `managementPolicy: Observe` does in the place of acting: asks whether the API would take what would be written. */
import { isRefusal } from '#operator/kube.ts'

import { fieldManager } from './names.ts'

import type { Kube } from '#operator/kube.ts'

import type { Action } from './action.ts'
import type { Outcome } from './report.ts'

export interface RehearsalTools {
  readonly kube: Pick<Kube, 'tryApply'>
  readonly signal: AbortSignal
}

/**
 * Deliveries are left out: a token that never comes to be is not sent around.
 *
 * @throws KubeError if the API cannot say, or not now
 */
export async function rehearse(
  actions: readonly Action[],
  { kube, signal }: RehearsalTools,
): Promise<Extract<Outcome, { kind: 'observed' }>> {
  const refusals: string[] = []
  for (const action of actions) {
    if (action.kind !== 'ApplyObject') continue
    try {
      await kube.tryApply(action.object, { fieldManager, force: true, signal })
    } catch (error) {
      if (!isRefusal(error)) throw error
      const { kind, metadata } = action.object
      refusals.push(`The API refuses ${kind} ${metadata.name}: ${error.message}`)
    }
  }
  return { kind: 'observed', refusals }
}
