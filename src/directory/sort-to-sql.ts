/** Sorting in SQL: the key of a resource, the order, and what comes after a position in it. */

import { comparable } from '#scim/filter/target.ts'
import type { AttributeReference } from '#scim/schema.ts'
import { elementsOf, operandOf } from './filter-operand.ts'
import type { FilterContext, Operand } from './filter-operand.ts'
import type { SqlType } from './parameters.ts'

/** A sort key: SQL, null for resources without a value, and the type that its text form is read back as. */
export interface SortKey {
  readonly sql: string
  readonly type: SqlType
}

/** A place in an order of resources, as plain data. */
export interface ListPosition {
  /** The sort key of the last resource as text, null if it has none; absent when the order is by id alone. */
  readonly key?: string | null
  readonly id: string
}

/**
 * The key of an attribute: folded unless case exact, of a multi-valued attribute the primary value, else the first
 * (RFC 7644 section 3.4.2.3). Of a complex attribute without `value` there is none.
 */
export function sortKey(target: AttributeReference, context: FilterContext): SortKey {
  const reference = comparable(target)
  if (reference === undefined) return { sql: 'null::text', type: 'text' }
  const operand = operandOf(reference, context)
  if (operand !== undefined) return keyOf(operand, context)
  const elements = elementsOf(reference, context)
  const key = keyOf(elements.operand(reference.subAttribute), context)
  return { ...key, sql: `(select ${key.sql} from ${elements.from} order by ${elements.order} limit 1)` }
}

function keyOf(operand: Operand, { bind }: FilterContext): SortKey {
  switch (operand.kind) {
    case 'text':
      return { sql: operand.sql, type: 'text' }
    case 'json':
      return { sql: operand.sql, type: 'jsonb' }
    case 'boolean':
      return { sql: operand.sql, type: 'boolean' }
    case 'instant':
      return { sql: operand.sql, type: 'timestamptz' }
    case 'id':
      return { sql: operand.sql, type: 'uuid' }
    case 'constant':
      return { sql: bind(operand.value, 'text'), type: 'text' }
  }
}

/**
 * The order: missing keys last when ascending and first when descending, which is what Postgres does by itself;
 * ties by id, so that the order is total.
 */
export function orderBy(key: string | undefined, id: string, isDescending: boolean): string {
  if (key === undefined) return id
  return `${key} ${isDescending ? 'desc nulls first' : 'asc nulls last'}, ${id}`
}

/** The condition of what follows a position in that order. */
export function afterPosition(
  key: SortKey | undefined,
  position: ListPosition,
  isDescending: boolean,
  { resource, bind }: Pick<FilterContext, 'resource' | 'bind'>,
): string {
  const isLater = `${resource}.id > ${bind(position.id, 'uuid')}`
  if (key === undefined) return isLater
  if (position.key === null || position.key === undefined) {
    return isDescending ? `(${key.sql} is not null or ${isLater})` : `(${key.sql} is null and ${isLater})`
  }
  const last = bind(position.key, key.type)
  const isTied = `(${key.sql} = ${last} and ${isLater})`
  return isDescending
    ? `(${key.sql} < ${last} or ${isTied})`
    : `(${key.sql} > ${last} or ${isTied} or ${key.sql} is null)`
}
