/** How many users hold each value of a policy: kept up by the changes, counted again where rows went unseen. */

import type { EvaluationState } from './evaluation-policies.ts'
import type { ChangeRow } from './evaluation-statement.ts'
import type { TenantScope } from './tenant-scope.ts'

export type Counts = Pick<EvaluationState, 'counts' | 'users'>

/** The counts after some changes; values that nobody holds any more are left out. */
export function countsAfter(before: Counts, changes: readonly ChangeRow[]): Counts {
  const counts = new Map(Object.entries(before.counts))
  let { users } = before
  for (const { change, value, users: by } of changes) {
    if (change === 'holders') users += by
    else counts.set(value, (counts.get(value) ?? 0) + (change === 'granted' ? by : -by))
  }
  return { users, counts: Object.fromEntries([...counts].filter(([, held]) => held > 0)) }
}

/**
 * Counts the rows of a policy (150 ms for a million). Needed when a user was deleted, since the assignments go with
 * the user and nobody counted them, and at the end of a pass over all users.
 */
export async function countAgain(scope: TenantScope, policyId: string): Promise<Counts> {
  const rows = await scope.query<{ readonly value: string | null; readonly users: number }>({
    name: 'count-assignments',
    text: `select value, count(*) as users from assignment where tenant_id = $1 and policy_id = $2 group by value
      union all
      select null, count(distinct user_id) from assignment where tenant_id = $1 and policy_id = $2`,
    values: [scope.tenantId, policyId],
  })
  const byValue = rows.flatMap(({ value, users }) => (value === null ? [] : [[value, users] as const]))
  return { counts: Object.fromEntries(byValue), users: rows.find(({ value }) => value === null)?.users ?? 0 }
}
