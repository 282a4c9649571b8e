/** What a filter may ask about, and with which operators and literals: decided by the attribute's schema. */

import { attributeNamed, pathOf } from '#scim/attribute-path.ts'
import { parseDateTime } from '#scim/date-time.ts'
import type { Attribute, AttributeReference, ResourceType } from '#scim/schema.ts'
import type { ComparisonOperator, FilterValue } from './ast.ts'
import { invalidFilter } from './tokens.ts'

/**
 * Whether stored data can answer questions about a reference. Not: what is never returned, and URIs that the
 * projection makes from the base URL of the request.
 */
export function isFilterable(reference: AttributeReference, type: ResourceType): boolean {
  const { attribute, subAttribute } = reference
  if (attribute.returned === 'never') return false
  const isMembership = [type.membershipAttribute, type.membershipsAttribute].includes(attribute.name)
  if (isMembership && subAttribute?.name === '$ref') return false
  return !(attribute.name === 'meta' && subAttribute?.name === 'location')
}

/** The attribute whose scalar values a reference compares: a complex one means its `value`, if it has one. */
export function comparable(reference: AttributeReference): AttributeReference | undefined {
  if (leafOf(reference).type !== 'complex') return reference
  const subAttribute = attributeNamed('value', reference.attribute.subAttributes ?? [])
  return subAttribute && { ...reference, subAttribute }
}

/** The attribute at the end of a reference: its type and case rule hold for the values. */
export function leafOf(reference: AttributeReference): Attribute {
  return reference.subAttribute ?? reference.attribute
}

/**
 * The literal in the type of the attribute. Tolerated: words without quotes for strings, quoted booleans and numbers.
 * dateTimes come out in UTC with milliseconds. Throws invalidFilter.
 */
export function literalFor(
  target: AttributeReference,
  operator: ComparisonOperator,
  literal: string,
): FilterValue {
  const attribute = leafOf(target)
  const path = pathOf(target)
  refuseOperator(attribute, operator, path)
  switch (attribute.type) {
    case 'boolean':
      return booleanFor(literal, path)
    case 'integer':
    case 'decimal':
      return numberFor(literal, path)
    case 'dateTime':
      return dateTimeFor(literal, path)
    case 'string':
    case 'reference':
    case 'binary':
      return literal
    case 'complex':
      throw invalidFilter(`${path} is complex and has no single value to compare`)
  }
}

const order: ReadonlySet<ComparisonOperator> = new Set(['gt', 'ge', 'lt', 'le'])
const substring: ReadonlySet<ComparisonOperator> = new Set(['co', 'sw', 'ew'])

/** RFC 7644 3.4.2.2: boolean and binary attributes "SHALL cause a failed response (HTTP status code 400)". */
function refuseOperator(attribute: Attribute, operator: ComparisonOperator, path: string): void {
  const hasOrder = attribute.type !== 'boolean' && attribute.type !== 'binary'
  const hasText = ['string', 'reference', 'binary'].includes(attribute.type)
  if ((order.has(operator) && !hasOrder) || (substring.has(operator) && !hasText)) {
    throw invalidFilter(`${path} is of type ${attribute.type}, for which ${operator} is not defined`)
  }
}

function booleanFor(literal: string, path: string): boolean {
  const word = literal.toLowerCase()
  if (word !== 'true' && word !== 'false') throw invalidFilter(`${path} is compared with true or false`)
  return word === 'true'
}

function numberFor(literal: string, path: string): number {
  const number = Number(literal)
  if (literal.trim() === '' || !Number.isFinite(number)) {
    throw invalidFilter(`${path} is compared with a number`)
  }
  return number
}

function dateTimeFor(literal: string, path: string): string {
  const milliseconds = parseDateTime(literal)
  if (milliseconds === undefined) {
    throw invalidFilter(`${path} is compared with a dateTime such as 2011-05-13T04:42:34Z`)
  }
  return new Date(milliseconds).toISOString()
}
