/** Which lists are point reads: their filter finds its few rows by an equality that has an index. */

import type { Filter } from '#scim/filter/ast.ts'
import type { ListRequest, ListTarget } from './list-resources.ts'

/** Whether few rows are found, whatever else the filter asks of them. */
export function isPointRead({ targets }: ListRequest): boolean {
  const target = onlyTarget(targets)
  return target !== undefined && names(target, [target.type.uniqueAttribute, 'id', 'externalId'])
}

/** Whether the list is at most one resource, and the page begins with it: then there is nothing to order or to cut. */
export function isSingle({ targets, page }: ListRequest): boolean {
  const target = onlyTarget(targets)
  const isFirst = page.kind === 'index' ? page.startIndex <= 1 : page.after === undefined
  return target !== undefined && isFirst && names(target, [target.type.uniqueAttribute, 'id'])
}

function onlyTarget([target, ...others]: readonly ListTarget[]): ListTarget | undefined {
  return others.length === 0 ? target : undefined
}

function names({ filter }: ListTarget, attributes: readonly string[]): boolean {
  return filter !== undefined && namesOne(filter, attributes)
}

/** An equality with a value; what equals null is whatever has none. */
function namesOne(filter: Filter, attributes: readonly string[]): boolean {
  if (filter.kind === 'and') return filter.filters.some((one) => namesOne(one, attributes))
  return (
    filter.kind === 'comparison' &&
    filter.operator === 'eq' &&
    filter.value !== null &&
    filter.target.extension === undefined &&
    attributes.includes(filter.target.attribute.name)
  )
}
