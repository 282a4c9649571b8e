/** Merging sub-attributes into a complex value. */

import { compactObject } from '#scim/json.ts'
import type { JsonObject } from '#scim/json.ts'

/**
 * The value with the named sub-attributes changed and the others left; null unassigns. A `$ref` says where the
 * `value` is found, so a new `value` without a `$ref` of its own takes the old one away.
 */
export function merged(current: JsonObject, change: JsonObject): JsonObject {
  const both = { ...current, ...change }
  const isStale = !Object.hasOwn(change, '$ref') && both['value'] !== current['value']
  return compactObject(isStale ? { ...both, $ref: null } : both)
}
