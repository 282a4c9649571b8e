/** The materialised assignments, in pages. */

import { isStorableText } from '#scim/text.ts'
import type { Directory } from './database.ts'
import { defaultRule } from './evaluation-statement.ts'
import { isId } from './member-values.ts'
import { newParameters } from './parameters.ts'
import type { Statement } from './statement.ts'
import { inTenant, type TenantId } from './tenant-scope.ts'

export interface AssignmentRow {
  readonly policyId: string
  /** Name of the policy's custom resource. */
  readonly policy: string
  readonly userId: string
  readonly value: string
  /** The rule that gives the value; null when the policy's default does. */
  readonly rule: string | null
  /** Since when the user holds the value without a break. */
  readonly since: Date
}

/** The last row of a page: the next one begins after it. */
export type AssignmentPosition = Pick<AssignmentRow, 'policyId' | 'userId' | 'value'>

export interface AssignmentQuery {
  /** Id of a user. */
  readonly user?: string
  /** Name or uid of a policy. */
  readonly policy?: string
  readonly value?: string
  readonly after?: AssignmentPosition
  readonly limit: number
}

/** Assignments by policy, user and value. A page costs the same wherever it is. */
export async function listAssignments(
  directory: Directory,
  tenantId: TenantId,
  query: AssignmentQuery,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly AssignmentRow[]> {
  const { user, policy = '', value = '' } = query
  const canBe = (user === undefined || isId(user)) && isStorableText(policy) && isStorableText(value)
  if (!canBe) return []
  return inTenant(directory, tenantId, { ...options, isOneStatement: true }, (scope) =>
    scope.query<AssignmentRow>(listingStatement(tenantId, query)),
  )
}

/**
 * Each policy, of which a tenant has few, contributes its own page, so that every question runs down an index: (policy,
 * user, value), or (policy, value, user) when the value is given. What a removed policy may have left is not seen.
 */
export function listingStatement(tenantId: TenantId, query: AssignmentQuery): Statement {
  const { user, policy, value, after, limit } = query
  const { bind, values } = newParameters(tenantId)
  const policies = ['policy.tenant_id = $1::uuid']
  const rows = ['assignment.tenant_id = $1::uuid', 'assignment.policy_id = policy.id']
  if (policy !== undefined) {
    const named = bind(policy, 'text')
    policies.push(`(policy.name = ${named} or policy.id::text = ${named})`)
  }
  const only = user === undefined ? undefined : bind(user, 'uuid')
  if (only !== undefined) rows.push(`assignment.user_id = ${only}`)
  if (value !== undefined) rows.push(`assignment.value = ${bind(value, 'text')}`)
  if (after !== undefined) {
    const last = bind(after.policyId, 'uuid')
    policies.push(`policy.id >= ${last}`)
    // One comparison for the policy where the last page ended and for those after it, so that it stays a range.
    const from = (position: string, start: string) =>
      `case when policy.id = ${last} then ${position} else ${start} end`
    const userAt = only ?? from(bind(after.userId, 'uuid'), `'00000000-0000-0000-0000-000000000000'::uuid`)
    const valueAt = from(bind(after.value, 'text'), `''`)
    rows.push(`(assignment.user_id, assignment.value) > (${userAt}, ${valueAt})`)
  }
  const size = bind(limit, 'bigint')
  const text = `select policy.id as "policyId", policy.name as policy, page.user_id as "userId", page.value,
      nullif(page.rule, '${defaultRule}') as rule, page.since
    from policy cross join lateral (
      select user_id, value, rule, since from assignment where ${rows.join(' and ')}
      order by assignment.user_id, assignment.value limit ${size}
    ) page
    where ${policies.join(' and ')} order by policy.id, page.user_id, page.value limit ${size}`
  return { text, values }
}
