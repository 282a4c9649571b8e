/** `members.value eq` and `groups.value eq`, which the keys of the table `membership` answer by index. */

import type { AttributeReference } from '#scim/schema.ts'
import { condition } from './filter-compare.ts'
import type { Comparison } from './filter-compare.ts'
import { isOneOf } from './filter-operand.ts'
import type { FilterContext } from './filter-operand.ts'

/** The membership row itself, without a look at the other resource; undefined for everything else. */
export function membershipCondition(
  target: AttributeReference,
  comparison: Comparison,
  context: FilterContext,
): string | undefined {
  if (
    target.extension !== undefined ||
    target.subAttribute?.name !== 'value' ||
    comparison.operator !== 'eq'
  ) {
    return undefined
  }
  const { type, tenant, resource, bind } = context
  const holds = (column: string): string =>
    condition({ kind: 'id', sql: `membership.${column}` }, comparison, bind)
  if (target.attribute.name === type.membershipAttribute) {
    // A member is in few groups, so their ids are found first.
    return isOneOf(
      `select group_id from membership where membership.tenant_id = ${tenant} and ${holds('member_id')}`,
      context,
    )
  }
  if (target.attribute.name === type.membershipsAttribute) {
    return `exists (select from membership where membership.tenant_id = ${tenant}
      and membership.member_id = ${resource}.id and ${holds('group_id')})`
  }
  return undefined
}
