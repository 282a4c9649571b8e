/** Removal of members by a filter, turned into a removal by value. */

import type { MembershipStep } from '#scim/resource.ts'
import type { Filter } from '#scim/filter/ast.ts'
import type { ResourceType } from '#scim/schema.ts'
import type { Elements, FilterContext } from './filter-operand.ts'
import { elementFilterToSql } from './filter-to-sql.ts'
import { idByExternalId, idById } from './member-sql.ts'
import { isId } from './member-values.ts'
import type { ValueStep } from './member-values.ts'
import { newParameters } from './parameters.ts'
import type { TenantScope } from './tenant-scope.ts'

/** The steps of one resource's members. */
export interface HolderSteps {
  readonly type: ResourceType
  readonly id: string
  readonly steps: readonly MembershipStep[]
}

/**
 * The same steps by value. A removal by filter takes every member that matches and that the group has or may have
 * got from the steps before it, and every waiting value that matches. The row of the group is locked before.
 */
export async function matchingAsValues(
  scope: TenantScope,
  holder: HolderSteps,
): Promise<readonly ValueStep[]> {
  const named: ValueStep[] = []
  for (const step of holder.steps) {
    if (step.kind === 'removeMatching') {
      named.push({
        kind: 'remove',
        values: await matching(scope, holder, { filter: step.filter, before: named }),
      })
    } else named.push(step)
  }
  return named
}

async function matching(
  scope: TenantScope,
  { type, id }: HolderSteps,
  { filter, before }: { readonly filter: Filter; readonly before: readonly ValueStep[] },
): Promise<readonly string[]> {
  const pushed = before.flatMap((step) => (step.kind === 'remove' ? [] : step.values))
  const ids = pushed.map((value) => (isId(value) ? value : null))
  const { values, bind } = newParameters(scope.tenantId, id, pushed, ids)
  const context: FilterContext = { type, resource: 'resource', tenant: '$1::uuid', bind }
  const text = `select candidate.value from (
      select one.id::text as value, one.type, one.folded
      from membership join resource one
        on one.tenant_id = membership.tenant_id and one.id = membership.member_id
      where membership.tenant_id = $1::uuid and membership.group_id = $2::uuid
      union all
      select coalesce(one.id::text, pushed.value), one.type, one.folded
      from unnest($3::text[], $4::uuid[]) as pushed(value, id) left join resource one
        on one.tenant_id = $1::uuid
        and one.id = coalesce(${idById('pushed.id', '$1::uuid')}, ${idByExternalId('pushed.value', '$1::uuid')})
      union all
      select pending_member.value, null, null from pending_member
      where pending_member.tenant_id = $1::uuid and pending_member.group_id = $2::uuid
    ) as candidate where ${elementFilterToSql(filter, candidates, context)}`
  const rows = await scope.query<{ readonly value: string }>({ text, values })
  return rows.map(({ value }) => value)
}

/** A waiting value has neither type nor display. */
const candidates: Elements = {
  from: 'candidate where true',
  order: 'candidate.value',
  operand: (subAttribute) => {
    switch (subAttribute?.name ?? 'value') {
      case 'type':
        return { kind: 'text', sql: `lower(candidate.type collate "C")` }
      case 'display':
        return { kind: 'text', sql: `(candidate.folded ->> 'displayName') collate "C"` }
      default:
        return { kind: 'text', sql: `candidate.value collate "C"` }
    }
  },
}
