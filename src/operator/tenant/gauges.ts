/** What metrics show of each integration; labels of one that is gone go with it. */

import { conditionStatuses } from '#operator/api/common.ts'
import { parseKey } from '#operator/object-key.ts'

import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'
import type { Metrics } from '#platform/metrics.ts'

/** Disposing takes everything away: who does not lead any more knows nothing of integrations. */
export interface TenantGauges extends Disposable {
  show(key: string, status: ScimIntegrationStatus): void
  forget(key: string): void
}

export function tenantGauges(metrics: Metrics): TenantGauges {
  /** Key -> what was set for it. */
  const shown = new Map<string, { readonly tokenIds: readonly string[]; readonly types: readonly string[] }>()
  const paused = new Set<string>()
  const forget = (key: string) => {
    const { namespace, name } = parseKey(key)
    const before = shown.get(key)
    for (const token_id of before?.tokenIds ?? [])
      metrics.tokenExpiration.remove({ namespace, name, token_id })
    for (const type of before?.types ?? []) {
      for (const status of conditionStatuses)
        metrics.integrationCondition.remove({ namespace, name, type, status })
    }
    shown.delete(key)
    paused.delete(key)
    metrics.integrationsPaused.set(paused.size)
  }
  return {
    forget,
    [Symbol.dispose]: () => [...shown.keys()].forEach(forget),
    show(key, status) {
      forget(key)
      const { namespace, name } = parseKey(key)
      const conditions = status.conditions ?? []
      for (const { type, status: holds } of conditions) {
        for (const status of conditionStatuses) {
          metrics.integrationCondition.set({ namespace, name, type, status }, status === holds ? 1 : 0)
        }
      }
      const purposes = [status, ...(status.readers ?? [])]
      const tokens = purposes
        .flatMap(({ tokens = [] }) => tokens)
        .filter(({ state }) => state === 'Active' || state === 'Retiring')
      for (const { id, expirationTime } of tokens) {
        if (expirationTime === undefined) continue
        metrics.tokenExpiration.set({ namespace, name, token_id: id }, Date.parse(expirationTime) / 1000)
      }
      shown.set(key, { tokenIds: tokens.map(({ id }) => id), types: conditions.map(({ type }) => type) })
      if (conditions.some(({ type, status: holds }) => type === 'Paused' && holds === 'True')) paused.add(key)
      metrics.integrationsPaused.set(paused.size)
    },
  }
}
