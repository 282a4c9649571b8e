/**
 * An object as a set of fields that can be owned one by one: what server-side apply works on. Maps are entered; a list
 * is one field, but each item of an associative list (`listType: map`, such as conditions by type) is one of its own.
 */
import { isObject } from './json.ts'

import type { JsonObject } from './json.ts'

/** A map's key, or the keys that name an item of an associative list: `{type: 'Ready'}`. */
export type Step = string | JsonObject

export interface Field {
  readonly steps: readonly Step[]
  readonly value: unknown
}

/** The keys of the associative list at a path of map keys; undefined for a list that is one value. */
export type ListKeys = (path: readonly string[]) => readonly string[] | undefined

/** The identity of a field among others. */
export const fieldName = (steps: readonly Step[]): string => JSON.stringify(steps)

/** All fields of a value by name; an empty map is a field itself, but an empty whole has none. */
export const fieldsOf = (value: unknown, listKeys: ListKeys): ReadonlyMap<string, Field> => {
  const fields = new Map<string, Field>()
  const enter = (steps: readonly Step[], found: unknown): void => {
    if (isObject(found) && (steps.length === 0 || Object.keys(found).length > 0)) {
      for (const [key, child] of Object.entries(found)) enter([...steps, key], child)
      return
    }
    const keys = Array.isArray(found) && found.length > 0 ? listKeys(mapKeys(steps)) : undefined
    if (!Array.isArray(found) || keys === undefined) {
      fields.set(fieldName(steps), { steps, value: found })
      return
    }
    for (const item of found) {
      const itemSteps = [...steps, keysOfItem(item, keys)]
      fields.set(fieldName(itemSteps), { steps: itemSteps, value: item })
    }
  }
  enter([], value)
  return fields
}

/** What stands at the field, or undefined. */
export const valueOfField = (value: unknown, steps: readonly Step[]): unknown =>
  steps.reduce<unknown>((at, step) => {
    if (typeof step === 'string') return isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
    return Array.isArray(at) ? at.find((item) => isItem(item, step)) : undefined
  }, value)

/** The value with the field set; maps on the way are made. */
export const withField = (value: unknown, steps: readonly Step[], field: unknown): unknown => {
  const [step, ...rest] = steps
  if (step === undefined) return field
  if (typeof step === 'string') {
    const map = isObject(value) ? value : {}
    return { ...map, [step]: withField(valueOfField(map, [step]), rest, field) }
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  const index = list.findIndex((item) => isItem(item, step))
  return index === -1 ? [...list, field] : list.with(index, field)
}

/** The value without the field; maps and associative lists that are left empty go with it. */
export const withoutField = (value: unknown, steps: readonly Step[]): unknown => {
  const [step, ...rest] = steps
  if (step === undefined) return undefined
  if (typeof step === 'string') {
    if (!isObject(value) || !Object.hasOwn(value, step)) return value
    const { [step]: inner, ...others } = value
    const left = withoutField(inner, rest)
    if (left !== undefined) return { ...others, [step]: left }
    return Object.keys(others).length === 0 ? undefined : others
  }
  if (!Array.isArray(value)) return value
  const left = value.filter((item) => !isItem(item, step))
  return left.length === 0 ? undefined : left
}

const mapKeys = (steps: readonly Step[]): readonly string[] =>
  steps.filter((step) => typeof step === 'string')

const keysOfItem = (item: unknown, keys: readonly string[]): JsonObject =>
  isObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : {}

const isItem = (item: unknown, keys: JsonObject): boolean =>
  isObject(item) && Object.entries(keys).every(([key, value]) => item[key] === value)
