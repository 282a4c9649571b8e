/**
 * What metrics show of integrations. All are counted; by name there are only so many, since each is about thirty series,
 * which ten thousand times would cost more than the operator itself. Those in trouble have names of their own to fill.
 */

import { isDeepStrictEqual } from 'node:util'

import { conditionStatuses } from '#operator/api/common.ts'
import { parseKey } from '#operator/object-key.ts'

import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'
import type { Metrics } from '#platform/metrics.ts'

/** Disposing takes everything away: who does not lead any more knows nothing of integrations. */
export interface TenantGauges extends Disposable {
  show(key: string, status: ScimIntegrationStatus): void
  forget(key: string): void
}

/** What was last shown of one. */
interface Shown {
  readonly isWell: boolean
  /** Type to status. */
  readonly conditions: Readonly<Record<string, string>>
  readonly tokens: readonly { readonly id: string; readonly expiresSeconds: number }[]
}

export function tenantGauges(metrics: Metrics): TenantGauges {
  const known = new Map<string, Shown>()
  /** Keys that have series of their own. */
  const named = { well: new Set<string>(), unwell: new Set<string>() }
  const namesOf = ({ isWell }: Shown) => (isWell ? named.well : named.unwell)

  const count = ({ conditions }: Shown, by: 1 | -1) => {
    for (const [type, status] of Object.entries(conditions)) metrics.integrations.inc({ type, status }, by)
    if (conditions['Paused'] === 'True') metrics.integrationsPaused.inc(by)
  }
  const forget = (key: string) => {
    const shown = known.get(key)
    if (shown === undefined) return
    known.delete(key)
    count(shown, -1)
    if (!namesOf(shown).delete(key)) return
    const { namespace, name } = parseKey(key)
    for (const { id } of shown.tokens) metrics.tokenExpiration.remove({ namespace, name, token_id: id })
    for (const type of Object.keys(shown.conditions)) {
      for (const status of conditionStatuses)
        metrics.integrationCondition.remove({ namespace, name, type, status })
    }
  }
  return {
    forget,
    [Symbol.dispose]: () => [...known.keys()].forEach(forget),
    show(key, status) {
      const shown = shownOf(status)
      // Most looks find what the last one found.
      if (isDeepStrictEqual(known.get(key), shown)) return
      forget(key)
      known.set(key, shown)
      count(shown, 1)
      if (namesOf(shown).size >= metrics.tenantLabelLimit) return
      namesOf(shown).add(key)
      const { namespace, name } = parseKey(key)
      for (const [type, holds] of Object.entries(shown.conditions)) {
        for (const status of conditionStatuses)
          metrics.integrationCondition.set({ namespace, name, type, status }, status === holds ? 1 : 0)
      }
      for (const { id, expiresSeconds } of shown.tokens)
        metrics.tokenExpiration.set({ namespace, name, token_id: id }, expiresSeconds)
    },
  }
}

function shownOf(status: ScimIntegrationStatus): Shown {
  const conditions = Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: holds }) => [type, holds]),
  )
  const tokens = [status, ...(status.readers ?? [])]
    .flatMap((purpose) => purpose.tokens ?? [])
    .flatMap(({ id, state, expirationTime }) =>
      (state === 'Active' || state === 'Retiring') && expirationTime !== undefined
        ? [{ id, expiresSeconds: Date.parse(expirationTime) / 1000 }]
        : [],
    )
  const isWell =
    conditions['Ready'] === 'True' &&
    conditions['Degraded'] !== 'True' &&
    conditions['TokenExpiring'] !== 'True'
  return { isWell, conditions, tokens }
}
