/** JSON values as they come from and go to the wire. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject

export interface JsonObject {
  readonly [name: string]: Json
}

export type Scalar = string | number | boolean

export function isScalar(json: unknown): json is Scalar {
  return typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean'
}

/** Of something that JSON.parse made: then all below is JSON too. */
export function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Of something that JSON.parse made: then all below is JSON too. */
export function isList(json: unknown): json is readonly Json[] {
  return Array.isArray(json)
}

/** An own property of a JSON object, undefined for everything else. */
export function propertyOf(json: Json | undefined, name: string): Json | undefined {
  return isObject(json) && Object.hasOwn(json, name) ? json[name] : undefined
}

/** Null, empty text, an empty list and an empty object are all the unassigned state (RFC 7643 section 2.5). */
export function isAssigned(json: Json | undefined): json is Json {
  if (json === undefined || json === null || json === '') return false
  if (isList(json)) return json.some(isAssigned)
  return !isObject(json) || Object.values(json).some(isAssigned)
}

/** Equality by value; the order of an object's properties does not count, that of a list does. */
export function isSameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((one, index) => isSameJson(one, right[index]))
    )
  }
  if (!isObject(left) || !isObject(right)) return false
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isSameJson(left[name], right[name]))
  )
}

/** The value without its unassigned parts; undefined if nothing is left. */
export function compact(json: Json | undefined): Json | undefined {
  if (isCompact(json)) return json
  if (!isAssigned(json)) return undefined
  if (isList(json)) return json.flatMap((one) => compact(one) ?? [])
  return isObject(json) ? compactObject(json) : json
}

/** Whether no part is unassigned, which holds for nearly all that clients send. */
function isCompact(json: Json | undefined): boolean {
  if (json === undefined || json === null || json === '') return false
  if (typeof json !== 'object') return true
  const parts = isList(json) ? json : Object.values(json)
  return parts.length > 0 && parts.every(isCompact)
}

export function compactObject(json: JsonObject): JsonObject {
  const entries = Object.entries(json).map(([name, value]) => [name, compact(value)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

/** JSON text in which the names of objects are in order, so that equal values have equal texts. */
export function canonicalText(json: Json): string {
  return JSON.stringify(json, (_name, value: Json) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  )
}
