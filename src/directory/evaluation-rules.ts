/** The rules of a policy as one SQL expression over a user: the same answer as assignment/judge.ts. */

import { type CompiledPolicy, type CompiledRule, selectorsOfRule } from '#assignment/compile.ts'
import { type Pins, pinOf, type Selector } from '#assignment/selector.ts'
import { userType } from '#scim/resource-types.ts'
import type { GroupBits } from './evaluation-groups.ts'
import type { DocumentValues } from './evaluation-values.ts'
import { type FilterContext, filterToSql } from './filter-to-sql.ts'

/** What the default counts as, among the places of the rules. */
export const defaultOrdinal = -1

export interface RuleContext {
  readonly pins: Pins
  readonly groups: GroupBits
  readonly values: DocumentValues
  readonly bind: FilterContext['bind']
  /** SQL of the tenant's id. */
  readonly tenant: string
  /** Alias of the user: all columns of `resource`, `group_bits`, and the columns of `values`. */
  readonly user: string
}

/**
 * A row source `hit (ordinal)`: the places of the rules that apply to the user, or the default. Under One it is one
 * `case`, so that rules after the one that decides cost nothing. Under Many the places that do not apply leave the
 * array before it becomes rows: 256 rows for each user, to be filtered, take 13 us.
 */
export function hits(policy: CompiledPolicy, context: RuleContext): string {
  const conditions = policy.rules.map((rule) => ruleCondition(rule, context))
  const whens = conditions.map((condition, ordinal) => `when ${condition} then ${String(ordinal)}`)
  if (policy.cardinality === 'One') {
    const fallback = policy.default === undefined ? 'null::integer' : String(defaultOrdinal)
    return `(select ${whens.length === 0 ? fallback : `case ${whens.join(' ')} else ${fallback} end`} as ordinal) hit`
  }
  const cases = whens.map((when) => `case ${when} end`)
  return `unnest(array_remove(array[${cases.join(', ')}]::integer[], null)) as hit (ordinal)`
}

/** A condition that may be null, which counts as false. */
function ruleCondition(rule: CompiledRule, context: RuleContext): string {
  const { pins, groups, values, user, tenant, bind } = context
  const idsOf = (selectors: readonly Selector[]) =>
    selectors.flatMap((selector) => {
      const pin = pinOf(pins, selector)
      return pin.kind === 'group' ? [pin.id] : []
    })
  const isKnown = (selector: Selector) => pinOf(pins, selector).kind === 'group'
  const anyGroup = idsOf(rule.anyGroup)
  const noGroup = idsOf(rule.noGroup)
  const matchesNobody =
    selectorsOfRule(rule).some((selector) => pinOf(pins, selector).kind === 'deleted') ||
    (rule.anyGroup.length > 0 && anyGroup.length === 0) ||
    ![...rule.allGroups, ...rule.noGroup].every(isKnown)
  if (matchesNobody) return 'false'
  const conditions = [
    ...(anyGroup.length === 0 ? [] : [groups.isInAny(user, anyGroup)]),
    ...idsOf(rule.allGroups).map((groupId) => groups.isInAny(user, [groupId])),
    ...(noGroup.length === 0 ? [] : [`not ${groups.isInAny(user, noGroup)}`]),
  ]
  if (rule.where !== undefined) {
    // The users are few and known by id: a search of the whole tenant for candidates would only cost.
    const known = { usesCandidates: false, extract: values.extract }
    conditions.push(filterToSql(rule.where, { type: userType, resource: user, tenant, bind, ...known }))
  }
  return conditions.join(' and ')
}
