/** Which lists are point reads: their filter finds its few rows by an equality that has an index. */

import type { Filter } from '#scim/filter/ast.ts'
import { isEmails } from './filter-emails.ts'
import type { ListRequest, ListTarget } from './list-resources.ts'

/** Whether few rows are found, whatever else the filter asks of them. */
export function isPointRead({ targets }: ListRequest): boolean {
  const target = onlyTarget(targets)
  if (target?.filter === undefined) return false
  const { filter, type } = target
  return isEquality(filter, [type.uniqueAttribute, 'id', 'externalId']) || isAddress(filter)
}

/** Whether the list is at most one resource, and the page begins with it: then there is nothing to order or to cut. */
export function isSingle({ targets, page }: ListRequest): boolean {
  const target = onlyTarget(targets)
  const isFirst = page.kind === 'index' ? page.startIndex <= 1 : page.after === undefined
  if (target?.filter === undefined || !isFirst) return false
  return isEquality(target.filter, [target.type.uniqueAttribute, 'id'])
}

function onlyTarget([target, ...others]: readonly ListTarget[]): ListTarget | undefined {
  return others.length === 0 ? target : undefined
}

/** An equality with a value, perhaps joined by `and` with others; what equals null is whatever has none. */
function isEquality(filter: Filter, attributes: readonly string[]): boolean {
  if (filter.kind === 'and') return filter.filters.some((one) => isEquality(one, attributes))
  return (
    isValueEquality(filter) &&
    filter.target.extension === undefined &&
    attributes.includes(filter.target.attribute.name)
  )
}

/** `emails.value eq` or `emails[value eq … and …]` (filter-emails.ts). */
function isAddress(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.filters.some(isAddress)
    case 'comparison':
      return (
        isValueEquality(filter) && isEmails(filter.target) && filter.target.subAttribute?.name === 'value'
      )
    case 'element':
      return isEmails(filter.target) && isEquality(filter.filter, ['value'])
    case 'presence':
    case 'not':
    case 'or':
    case 'constant':
      return false
  }
}

function isValueEquality(filter: Filter): filter is Comparison {
  return filter.kind === 'comparison' && filter.operator === 'eq' && filter.value !== null
}

type Comparison = Extract<Filter, { readonly kind: 'comparison' }>
