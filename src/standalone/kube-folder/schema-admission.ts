/**
 * What an API server does to a custom resource before it stores it: fills in defaults, drops fields the schema does
 * not know, and checks the rest against the OpenAPI schema of its definition.
 */
import { isObject } from './json.ts'

import type { OpenApiSchema } from '#operator/api/crd.ts'

/** One thing wrong with an object, at a path such as `spec.rules[2].name`. */
export interface FieldProblem {
  readonly path: string
  readonly message: string
}

export interface Admitted {
  readonly value: unknown
  /** Paths of fields that were dropped, since the schema does not know them. */
  readonly unknown: readonly string[]
}

/** The value with defaults filled in, at every depth, and without unknown fields. Pure; the order of fields is kept. */
export const withDefaults = (value: unknown, schema: OpenApiSchema, path = ''): Admitted => {
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    const parts = value.map((item, index) => withDefaults(item, items, `${path}[${index}]`))
    return { value: parts.map((part) => part.value), unknown: parts.flatMap((part) => part.unknown) }
  }
  if (!isObject(value)) return { value, unknown: [] }
  const { properties, additionalProperties } = schema
  // A map without declared fields (labels, metadata) is kept as it is.
  if (properties === undefined && additionalProperties === undefined) return { value, unknown: [] }
  const kept: Record<string, unknown> = {}
  const unknown: string[] = []
  for (const [name, child] of Object.entries(value)) {
    const childSchema = ownProperty(properties, name) ?? additionalProperties
    const childPath = joined(path, name)
    if (childSchema === undefined) {
      unknown.push(childPath)
      continue
    }
    // No field of ours is nullable: an API server drops a null one, as if it had not been given.
    if (child === null) continue
    const part = withDefaults(child, childSchema, childPath)
    kept[name] = part.value
    unknown.push(...part.unknown)
  }
  for (const [name, childSchema] of Object.entries(properties ?? {})) {
    if (Object.hasOwn(kept, name) || childSchema.default === undefined) continue
    kept[name] = withDefaults(structuredClone(childSchema.default), childSchema, joined(path, name)).value
  }
  return { value: kept, unknown }
}

/** Everything in the value that the schema refuses; empty if it is valid. */
export const schemaProblems = (value: unknown, schema: OpenApiSchema, path = ''): readonly FieldProblem[] => {
  const own = [typeProblem(value, schema)].flatMap((message) => message ?? [])
  if (own.length > 0) return own.map((message) => ({ path, message }))
  return [
    ...[...enumProblems(value, schema), ...boundProblems(value, schema)].map((message) => ({
      path,
      message,
    })),
    ...childProblems(value, schema, path),
  ]
}

const childProblems = (value: unknown, schema: OpenApiSchema, path: string): readonly FieldProblem[] => {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return []
    return value.flatMap((item, index) => schemaProblems(item, items, `${path}[${index}]`))
  }
  if (!isObject(value)) return []
  const missing = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path: joined(path, name), message: 'is required' }))
  const children = Object.entries(value).flatMap(([name, child]) => {
    const childSchema = ownProperty(schema.properties, name) ?? schema.additionalProperties
    return childSchema === undefined ? [] : schemaProblems(child, childSchema, joined(path, name))
  })
  return [...missing, ...children]
}

const typeProblem = (value: unknown, { type }: OpenApiSchema): string | undefined => {
  if (type === undefined || typeOf(value) === type) return undefined
  if (type === 'number' && typeof value === 'number') return undefined
  return `must be ${type === 'integer' ? 'a whole number' : `of type ${type}`}, not ${shown(value)}`
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  return typeof value
}

const enumProblems = (value: unknown, schema: OpenApiSchema): readonly string[] =>
  schema.enum === undefined || schema.enum.includes(value)
    ? []
    : [`must be one of ${schema.enum.map(String).join(', ')}, not ${shown(value)}`]

const boundProblems = (value: unknown, schema: OpenApiSchema): readonly string[] => {
  if (typeof value === 'string') return stringProblems(value, schema)
  if (typeof value === 'number') return numberProblems(value, schema)
  return Array.isArray(value) ? listProblems(value, schema) : []
}

const stringProblems = (value: string, schema: OpenApiSchema): readonly string[] => {
  const problems: string[] = []
  // Kubernetes counts code points, not UTF-16 units.
  const { length } = Array.from(value)
  if (length < (schema.minLength ?? 0)) problems.push(`must have at least ${schema.minLength} characters`)
  if (length > (schema.maxLength ?? Number.POSITIVE_INFINITY))
    problems.push(`must have at most ${schema.maxLength} characters, not ${length}`)
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    problems.push(`must match ${schema.pattern}, unlike ${shown(value)}`)
  if (schema.format === 'date-time' && !isInstant(value))
    problems.push(`must be an RFC 3339 time, not ${shown(value)}`)
  return problems
}

const numberProblems = (value: number, schema: OpenApiSchema): readonly string[] => {
  if (value < (schema.minimum ?? Number.NEGATIVE_INFINITY))
    return [`must be at least ${schema.minimum}, not ${value}`]
  if (value > (schema.maximum ?? Number.POSITIVE_INFINITY))
    return [`must be at most ${schema.maximum}, not ${value}`]
  return []
}

const listProblems = (value: readonly unknown[], schema: OpenApiSchema): readonly string[] => {
  const problems: string[] = []
  if (value.length < (schema.minItems ?? 0)) problems.push(`must have at least ${schema.minItems} items`)
  if (value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY))
    problems.push(`must have at most ${schema.maxItems} items, not ${value.length}`)
  const keys = schema['x-kubernetes-list-map-keys']
  const identify =
    schema['x-kubernetes-list-type'] === 'map' && keys !== undefined
      ? (item: unknown) => JSON.stringify(keys.map((key) => (isObject(item) ? item[key] : undefined)))
      : JSON.stringify
  if (['map', 'set'].includes(schema['x-kubernetes-list-type'] ?? 'atomic')) {
    const names = value.map((item) => identify(item))
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) problems.push(`must not hold ${twice} twice`)
  }
  return problems
}

const isInstant = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text))

const ownProperty = (
  properties: Readonly<Record<string, OpenApiSchema>> | undefined,
  name: string,
): OpenApiSchema | undefined =>
  properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** A value as a message shows it; long ones are cut. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
