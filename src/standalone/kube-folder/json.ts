/** Small questions about plain JSON values, as YAML and the Kubernetes API hold them. */
import { isDeepStrictEqual } from 'node:util'

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object at a field, or an empty one: for reading where absence and emptiness mean the same. */
export const objectAt = (value: unknown, ...path: readonly string[]): JsonObject => {
  const found = valueAt(value, ...path)
  return isObject(found) ? found : {}
}

export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = valueAt(value, ...path)
  return Array.isArray(found) ? found : []
}

export const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = valueAt(value, ...path)
  return typeof found === 'string' ? found : undefined
}

export const valueAt = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, field) => (isObject(at) && Object.hasOwn(at, field) ? at[field] : undefined),
    value,
  )

/** Equal as JSON: the order of fields does not matter. */
export const sameJson = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b)

/** The object without the field. */
export const without = (object: JsonObject, field: string): JsonObject => {
  const { [field]: _gone, ...rest } = object
  return rest
}
