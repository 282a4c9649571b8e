/**
 * One comparison in SQL, with the meaning that scim/filter/matches.ts gives it. A condition that is null counts as
 * false; whoever negates writes `is not true`.
 */

import type { ComparisonOperator, FilterValue } from '#scim/filter/ast.ts'
import type { Attribute } from '#scim/schema.ts'
import { isOneOf } from './filter-operand.ts'
import type { FilterContext, Operand } from './filter-operand.ts'
import { foldedText } from './folded.ts'
import { endOfPrefix, escapedForLike, hasTrigram } from './text-pattern.ts'

/** What is compared: an operator, and the literal as the folded document would hold it. */
export interface Comparison {
  readonly operator: ComparisonOperator
  readonly literal: FilterValue
}

export function comparisonWith(
  operator: ComparisonOperator,
  value: FilterValue,
  attribute: Attribute,
): Comparison {
  return { operator, literal: typeof value === 'string' ? foldedText(value, attribute) : value }
}

type Bind = FilterContext['bind']

const symbols = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' } as const

/** The condition on a scalar that is there; null or false if it is null. */
export function condition(operand: Operand, comparison: Comparison, bind: Bind): string {
  const { literal } = comparison
  switch (operand.kind) {
    case 'text':
      return typeof literal === 'string'
        ? textCondition(operand, comparison.operator, literal, bind)
        : otherType(comparison)
    case 'id':
      return typeof literal === 'string'
        ? idCondition(operand.sql, comparison.operator, literal, bind)
        : otherType(comparison)
    case 'constant':
      return typeof literal === 'string'
        ? textCondition(
            { kind: 'text', sql: `${bind(operand.value, 'text')} collate "C"` },
            comparison.operator,
            literal,
            bind,
          )
        : otherType(comparison)
    case 'boolean':
      return typeof literal === 'boolean'
        ? ordered(operand.sql, comparison.operator, bind(literal, 'boolean'))
        : otherType(comparison)
    case 'instant':
      return typeof literal === 'number'
        ? ordered(operand.sql, comparison.operator, bind(new Date(literal), 'timestamptz'))
        : otherType(comparison)
    case 'json':
      return jsonCondition(operand.sql, comparison, bind)
  }
}

/** A value of another type than the literal equals nothing, and neither does none. */
function otherType({ operator }: Comparison): string {
  return operator === 'ne' ? 'true' : 'false'
}

/** Whether the scalar is there. */
export function presenceOf(operand: Operand): string {
  return operand.kind === 'constant' || operand.kind === 'id' ? 'true' : `${operand.sql} is not null`
}

function ordered(sql: string, operator: ComparisonOperator, literal: string): string {
  switch (operator) {
    case 'co':
    case 'sw':
    case 'ew':
      return 'false'
    case 'eq':
    case 'ne':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return `${sql} ${symbols[operator]} ${literal}`
  }
}

function textCondition(
  operand: Operand & { kind: 'text' },
  operator: ComparisonOperator,
  literal: string,
  bind: Bind,
): string {
  const { sql } = operand
  // A value that is bound and then not in the text has no type, which Postgres refuses.
  if (operator === 'sw' && operand.isColumn === true) return rangeCondition(sql, literal, bind)
  const value = bind(literal, 'text')
  switch (operator) {
    case 'co':
      return `strpos(${sql}, ${value}) > 0`
    case 'ew':
      return `right(${sql}, char_length(${value})) = ${value}`
    case 'sw':
      return `starts_with(${sql}, ${value})`
    case 'eq':
    case 'ne':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return ordered(sql, operator, value)
  }
}

/** A prefix as a range: the only form of it that is an index condition under row-level security. */
function rangeCondition(sql: string, prefix: string, bind: Bind): string {
  const end = endOfPrefix(prefix)
  const above = `${sql} >= ${bind(prefix, 'text')}`
  return end === undefined ? above : `(${above} and ${sql} < ${bind(end, 'text')})`
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function idCondition(sql: string, operator: ComparisonOperator, literal: string, bind: Bind): string {
  const isEquality = operator === 'eq' || operator === 'ne'
  if (!isEquality)
    return textCondition({ kind: 'text', sql: `${sql}::text collate "C"` }, operator, literal, bind)
  if (!uuidPattern.test(literal)) return operator === 'ne' ? 'true' : 'false'
  return `${sql} ${symbols[operator]} ${bind(literal, 'uuid')}`
}

/** Booleans and numbers in the document; jsonb orders numbers by value. */
function jsonCondition(sql: string, { operator, literal }: Comparison, bind: Bind): string {
  if (literal === null) return 'false'
  const value = bind(JSON.stringify(literal), 'jsonb')
  if (operator === 'eq' || operator === 'ne') return ordered(sql, operator, value)
  return `(jsonb_typeof(${sql}) = ${bind(typeof literal, 'text')} and ${ordered(sql, operator, value)})`
}

/**
 * What a trigram index can say beforehand: the ids of resources of which some value could satisfy the comparison,
 * as a condition; undefined when the index cannot narrow it.
 */
export function candidateCondition(
  operand: Operand,
  { operator, literal }: Comparison,
  context: FilterContext,
): string | undefined {
  const { bind, usesCandidates = true } = context
  if (!usesCandidates) return undefined
  if (operand.kind !== 'text' || operand.candidates === undefined || typeof literal !== 'string')
    return undefined
  if ((operator !== 'co' && operator !== 'ew') || !hasTrigram(literal)) return undefined
  const pattern = `%${escapedForLike(literal)}${operator === 'co' ? '%' : ''}`
  return isOneOf(`select ${operand.candidates}(${bind(pattern, 'text')})`, context)
}
