/**
 * Whether a resource satisfies a filter: the meaning of every filter, which SQL has to reproduce.
 *
 * Values. A target reaches a list of scalars: `userName` at most one, `emails.type` one for each element that has the
 * sub-attribute. Unassigned attributes are never stored, so there is no null and no empty text among them.
 * - `id`, `schemas` and `meta` are as the wire shows them; `schemas` lists an extension if its key is in the document.
 * - `members` and `groups` are the membership rows: `value`, `type`, `display`. `groups.type` is always `direct`.
 *
 * Comparison. True if at least one value of the list satisfies it; `ne` also if the list is empty. So
 * `emails.type ne "work"` finds users with another type or none, and `not (emails.type eq "work")` those without one.
 * `eq null` means an empty list, `ne null` its opposite (the parser writes them as `pr`).
 * A value of another JSON type than the literal equals nothing: only `ne` is true of it.
 * - string, reference: by code point; both sides are folded first (scim/fold.ts) unless the attribute is case exact.
 *   `co`, `sw`, `ew` are plain text, without wildcards; the empty literal is in every value.
 * - binary: as case-exact text. boolean: `eq` and `ne` only. integer, decimal: by number.
 * - dateTime: by instant, in milliseconds; finer fractions are cut off on both sides.
 *
 * Presence. `pr` is true if the attribute is in the document; a complex one if it has any sub-attribute.
 *
 * Element. `emails[f]`: one element satisfies the whole of f; in f a name means the element's sub-attribute, at most
 * one value. No elements, no match, whatever f says.
 */

import { parseDateTime } from '#scim/date-time.ts'
import { compareCodePoints, fold } from '#scim/fold.ts'
import { isAssigned, propertyOf } from '#scim/json.ts'
import type { Json, Scalar } from '#scim/json.ts'
import type { Attribute, AttributeReference } from '#scim/schema.ts'
import type { ComparisonOperator, Filter } from './ast.ts'
import { leafOf } from './target.ts'
import { elementsOf, scalarsIn } from './values.ts'
import type { FilterSubject } from './values.ts'

export type { FilterSubject } from './values.ts'

/** Whether the resource satisfies the filter. */
export function matches(filter: Filter, subject: FilterSubject): boolean {
  return evaluate(filter, (target) => elementsOf(target, subject))
}

/** Whether one element of a multi-valued attribute satisfies a filter whose targets are its sub-attributes. */
export function matchesElement(filter: Filter, element: Json): boolean {
  return evaluate(filter, (target) => {
    const json = propertyOf(element, target.attribute.name)
    return json === undefined ? [] : [json]
  })
}

type ElementsOf = (target: AttributeReference) => readonly Json[]

function evaluate(filter: Filter, elements: ElementsOf): boolean {
  switch (filter.kind) {
    case 'comparison':
      return compare(filter, elements(filter.target))
    case 'presence':
      return isPresent(filter.target, elements(filter.target))
    case 'not':
      return !evaluate(filter.filter, elements)
    case 'and':
      return filter.filters.every((one) => evaluate(one, elements))
    case 'or':
      return filter.filters.some((one) => evaluate(one, elements))
    case 'element':
      return elements(filter.target).some((element) => matchesElement(filter.filter, element))
    case 'constant':
      return filter.value
  }
}

function isPresent(target: AttributeReference, elements: readonly Json[]): boolean {
  const { subAttribute } = target
  if (subAttribute === undefined) return elements.some(isAssigned)
  return elements.some((element) => isAssigned(propertyOf(element, subAttribute.name)))
}

function compare(filter: Filter & { kind: 'comparison' }, elements: readonly Json[]): boolean {
  const { target, operator, value: literal } = filter
  const values = scalarsIn(elements, target.subAttribute?.name)
  if (literal === null)
    return operator === 'eq' ? values.length === 0 : operator === 'ne' && values.length > 0
  if (operator === 'ne' && values.length === 0) return true
  const attribute = leafOf(target)
  return values.some((value) => holds(operator, keyOf(value, attribute), keyOf(literal, attribute)))
}

/** What is compared in place of a value: folded text, or the instant of a dateTime. */
function keyOf(value: Scalar, attribute: Attribute): Scalar {
  if (typeof value !== 'string') return value
  if (attribute.type === 'dateTime') return parseDateTime(value) ?? value
  return attribute.caseExact ? value : fold(value)
}

function holds(operator: ComparisonOperator, value: Scalar, literal: Scalar): boolean {
  switch (operator) {
    case 'eq':
      return value === literal
    case 'ne':
      return value !== literal
    case 'co':
      return texts(value, literal, (text, part) => text.includes(part))
    case 'sw':
      return texts(value, literal, (text, part) => text.startsWith(part))
    case 'ew':
      return texts(value, literal, (text, part) => text.endsWith(part))
    case 'gt':
      return order(value, literal) > 0
    case 'ge':
      return order(value, literal) >= 0
    case 'lt':
      return order(value, literal) < 0
    case 'le':
      return order(value, literal) <= 0
  }
}

/** Negative, zero or positive; NaN, which is in no order with anything, for values that have none. */
function order(value: Scalar, literal: Scalar): number {
  if (typeof value === 'number' && typeof literal === 'number') return value - literal
  if (typeof value === 'string' && typeof literal === 'string') return compareCodePoints(value, literal)
  return Number.NaN
}

function texts(value: Scalar, literal: Scalar, holds: (text: string, part: string) => boolean): boolean {
  return typeof value === 'string' && typeof literal === 'string' && holds(value, literal)
}
