/** Filters on e-mail addresses that the rows of the table `email` answer by index. */

import type { Filter } from '#scim/filter/ast.ts'
import type { AttributeReference } from '#scim/schema.ts'
import { candidateCondition, comparisonWith, condition } from './filter-compare.ts'
import type { Comparison } from './filter-compare.ts'
import { emailElements, isOneOf } from './filter-operand.ts'
import type { FilterContext } from './filter-operand.ts'

/** `emails.value` compared in a way that an index serves; undefined for everything else. */
export function addressCondition(
  target: AttributeReference,
  comparison: Comparison,
  context: FilterContext,
): string | undefined {
  if (!isEmails(target) || target.subAttribute?.name !== 'value') return undefined
  return rowCondition([{ name: 'value', attribute: target.subAttribute, comparison }], context)
}

/**
 * `emails[…]` of which the parts that are joined by `and` compare `value`, and perhaps `type`. Other parts are left
 * to `exact`, the condition over the document, beside the rows that the index finds. Undefined for other filters.
 */
export function emailFilterCondition(
  target: AttributeReference,
  filter: Filter,
  exact: () => string,
  context: FilterContext,
): string | undefined {
  if (!isEmails(target)) return undefined
  const parts = conjuncts(filter)
  const known = parts.flatMap(partOf)
  const rows = rowCondition(known, context)
  if (rows === undefined) return undefined
  return known.length === parts.length ? rows : `(${rows} and ${exact()})`
}

interface Part {
  readonly name: string
  readonly attribute: AttributeReference['attribute']
  readonly comparison: Comparison
}

/** All parts hold of one row. Undefined unless one of them compares the value in a way that narrows. */
function rowCondition(parts: readonly Part[], context: FilterContext): string | undefined {
  const { tenant, bind } = context
  const value = parts.find(({ name, comparison }) => name === 'value' && narrows(comparison))
  if (value === undefined) return undefined
  const elements = emailElements(context)
  const conditions = parts
    .map(({ attribute, comparison }) => condition(elements.operand(attribute), comparison, bind))
    .join(' and ')
  if (value.comparison.operator === 'eq') {
    // Few resources share an address, so their ids are found first; the plan does not depend on an estimate.
    return isOneOf(`select resource_id from email where tenant_id = ${tenant} and ${conditions}`, context)
  }
  const rows = `select from ${elements.from} and ${conditions}`
  const candidates = candidateCondition(elements.operand(value.attribute), value.comparison, context)
  if (candidates === undefined) return `exists (${rows})`
  // The offset keeps it a probe for each candidate: as a join it may read all addresses of the tenant first.
  return `(${candidates} and exists (${rows} offset 0))`
}

function narrows({ operator }: Comparison): boolean {
  return operator === 'eq' || operator === 'sw' || operator === 'co' || operator === 'ew'
}

function partOf(filter: Filter): readonly Part[] {
  if (filter.kind !== 'comparison' || filter.value === null) return []
  const { attribute } = filter.target
  const comparison = comparisonWith(filter.operator, filter.value, attribute)
  const isKnown =
    (attribute.name === 'value' && narrows(comparison)) ||
    (attribute.name === 'type' && comparison.operator === 'eq')
  return isKnown ? [{ name: attribute.name, attribute, comparison }] : []
}

function conjuncts(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.filters.flatMap(conjuncts) : [filter]
}

export function isEmails({ extension, attribute }: AttributeReference): boolean {
  return extension === undefined && attribute.name === 'emails'
}
