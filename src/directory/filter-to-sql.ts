/**
 * A filter tree as a condition in SQL over one resource, with exactly the meaning of scim/filter/matches.ts.
 *
 * Everything that a person typed is a bound value. A condition that is null counts as false. The tenant and the
 * type of the resource are the caller's to demand, outside of this condition.
 */

import type { Filter } from '#scim/filter/ast.ts'
import { leafOf } from '#scim/filter/target.ts'
import type { AttributeReference } from '#scim/schema.ts'
import { candidateCondition, comparisonWith, condition, presenceOf } from './filter-compare.ts'
import type { Comparison } from './filter-compare.ts'
import { addressCondition, emailFilterCondition } from './filter-emails.ts'
import { elementsOf, operandOf } from './filter-operand.ts'
import type { Elements, FilterContext, Operand } from './filter-operand.ts'
import { membershipCondition } from './filter-memberships.ts'

export type { FilterContext } from './filter-operand.ts'

/** The filter on `context.resource` as a condition in parentheses. */
export function filterToSql(filter: Filter, context: FilterContext): string {
  return compile(filter, resourceScope(context))
}

/** The resources that a filter leaves, as the source that they are read from and a condition on them. */
export interface Selection {
  /** A table or subquery that has all columns of `resource`, named as the context says. */
  readonly from: string
  readonly condition: string
}

/**
 * The filter as the source of a query. Where a part that must hold names its resources by id, they are read one by one:
 * lateral with a limit is an index probe each, where a condition on the id may become a walk through the whole tenant
 * (Postgres expects ten of the ids, and may expect less of the tenant).
 */
export function selectionOf(filter: Filter, context: FilterContext): Selection {
  const { resource, tenant } = context
  let ids: string | undefined
  const takeIds = (query: string): string => {
    // Only the first; the others are conditions on what it finds.
    if (ids !== undefined) return `${resource}.id = any(array(${query}))`
    ids = query
    return 'true'
  }
  const parts = filter.kind === 'and' ? filter.filters : [filter]
  const condition = parts
    .map((part) => {
      const mustHold = part.kind === 'comparison' || part.kind === 'element'
      return filterToSql(part, mustHold ? { ...context, takeIds } : context)
    })
    .join(' and ')
  if (ids === undefined) return { from: resource, condition }
  const from = `(select distinct named.id from (${ids}) as named(id)) as found cross join lateral (
      select one.* from resource one where one.tenant_id = ${tenant} and one.id = found.id limit 1
    ) as ${resource}`
  return { from, condition }
}

/** A filter on one element, such as that of a removal `members[…]`; its targets are sub-attributes of it. */
export function elementFilterToSql(filter: Filter, elements: Elements, context: FilterContext): string {
  return compile(filter, elementScope(elements, context))
}

/** What the leaves of the tree are: attributes of a resource, or sub-attributes of one element. */
interface Scope {
  readonly comparison: (target: AttributeReference, comparison: Comparison) => string
  readonly presence: (target: AttributeReference) => string
  readonly element: (target: AttributeReference, filter: Filter) => string
}

function compile(filter: Filter, scope: Scope): string {
  switch (filter.kind) {
    case 'comparison': {
      const { target, operator, value } = filter
      if (value === null) return nullComparison(operator, scope.presence(target))
      return scope.comparison(target, comparisonWith(operator, value, leafOf(target)))
    }
    case 'presence':
      return scope.presence(filter.target)
    case 'not':
      return `(${compile(filter.filter, scope)}) is not true`
    case 'and':
      return `(${filter.filters.map((one) => compile(one, scope)).join(' and ')})`
    case 'or':
      return `(${filter.filters.map((one) => compile(one, scope)).join(' or ')})`
    case 'element':
      return scope.element(filter.target, filter.filter)
    case 'constant':
      return filter.value ? 'true' : 'false'
  }
}

function nullComparison(operator: string, presence: string): string {
  if (operator === 'eq') return `(${presence}) is not true`
  return operator === 'ne' ? presence : 'false'
}

function resourceScope(context: FilterContext): Scope {
  return {
    comparison(target, comparison) {
      const operand = operandOf(target, context)
      if (operand !== undefined) return single(operand, comparison, context)
      return (
        addressCondition(target, comparison, context) ??
        membershipCondition(target, comparison, context) ??
        some(elementsOf(target, context), target, comparison, context)
      )
    },
    presence(target) {
      const operand = operandOf(target, context)
      if (operand !== undefined) return presenceOf(operand)
      const { from, operand: operandIn } = elementsOf(target, context)
      if (target.subAttribute === undefined) return `exists (select from ${from})`
      return `exists (select from ${from} and ${presenceOf(operandIn(target.subAttribute))})`
    },
    element(target, filter) {
      const exact = (): string => {
        const elements = elementsOf(target, context)
        return `exists (select from ${elements.from} and ${elementFilterToSql(filter, elements, context)})`
      }
      return emailFilterCondition(target, filter, exact, context) ?? exact()
    },
  }
}

function elementScope(elements: Elements, context: FilterContext): Scope {
  const operandIn = (target: AttributeReference): Operand => elements.operand(target.attribute)
  return {
    comparison: (target, comparison) => oneValue(operandIn(target), comparison, context),
    presence: (target) => presenceOf(operandIn(target)),
    // The parser refuses brackets in brackets, since RFC 7644 has no elements of elements.
    element: () => 'false',
  }
}

/** At most one value; `ne` is also true of none. */
function oneValue(operand: Operand, comparison: Comparison, { bind }: FilterContext): string {
  const holds = condition(operand, comparison, bind)
  if (comparison.operator !== 'ne') return holds
  return `(${holds}) is not false`
}

function single(operand: Operand, comparison: Comparison, context: FilterContext): string {
  const exact = oneValue(operand, comparison, context)
  const candidates = candidateCondition(operand, comparison, context)
  return candidates === undefined ? exact : `(${candidates} and ${exact})`
}

/** At least one of many values satisfies it; `ne` is also true if there is none. */
function some(
  elements: Elements,
  target: AttributeReference,
  comparison: Comparison,
  context: FilterContext,
): string {
  const operand = elements.operand(target.subAttribute)
  const found = `exists (select from ${elements.from} and ${condition(operand, comparison, context.bind)})`
  if (comparison.operator !== 'ne') return found
  return `(${found} or not exists (select from ${elements.from} and ${presenceOf(operand)}))`
}
