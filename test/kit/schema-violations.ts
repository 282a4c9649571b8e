/** Out of an object that a schema accepts: every object that breaks one of its keywords at one place. */

import type { OpenApiSchema } from '#operator/api/crd.ts'

export interface Violation {
  /** Where, e.g. `.spec.readers[0].name`. */
  readonly field: string
  /** How, for people who read a failure. */
  readonly how: string
  /** The whole value with the one thing wrong. */
  readonly value: unknown
}

/** Violations at and below a place; fields that the value does not have are not broken. */
export function* violations(schema: OpenApiSchema, value: unknown, field = ''): Generator<Violation> {
  for (const [how, wrong] of ownViolations(schema, value)) yield { field, how, value: wrong }
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const [index, item] of value.entries())
      for (const inner of violations(schema.items, item, `${field}[${index}]`))
        yield { ...inner, value: value.with(index, inner.value) }
  }
  if (!isFields(value)) return
  for (const name of schema.required ?? []) {
    const { [name]: _left, ...others } = value
    yield { field: `${field}.${name}`, how: 'missing', value: others }
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (value[name] === undefined) continue
    for (const inner of violations(child, value[name], `${field}.${name}`))
      yield { ...inner, value: { ...value, [name]: inner.value } }
  }
}

/** Places of the schema's fields, items as `[]`. */
export function* fieldsOf(schema: OpenApiSchema, field = ''): Generator<string> {
  yield field
  if (schema.items !== undefined) yield* fieldsOf(schema.items, `${field}[]`)
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    yield* fieldsOf(child, `${field}.${name}`)
}

/** A character that no pattern of ours allows. */
const forbidden = '\u0007'

function* ownViolations(schema: OpenApiSchema, value: unknown): Generator<readonly [string, unknown]> {
  const { minLength = 0, maxLength, minimum, maximum, minItems = 0, maxItems } = schema
  yield ['of another type', schema.type === 'string' ? 5 : 'text']
  if (schema.enum !== undefined) yield ['none of the values', 'Nonsense']
  if (schema.pattern !== undefined) yield ['unlike the pattern', forbidden.repeat(Math.max(minLength, 1))]
  if (minLength > 0) yield ['too short', 'a'.repeat(minLength - 1)]
  if (maxLength !== undefined) yield ['too long', 'a'.repeat(maxLength + 1)]
  if (schema.type === 'integer') yield ['no whole number', (minimum ?? 0) + 0.5]
  if (minimum !== undefined) yield ['too small', minimum - 1]
  if (maximum !== undefined) yield ['too large', maximum + 1]
  if (!Array.isArray(value)) return
  if (minItems > 0) yield ['too few', value.slice(0, minItems - 1)]
  if (maxItems !== undefined) yield ['too many', Array.from({ length: maxItems + 1 }, () => value[0])]
  if (['map', 'set'].includes(schema['x-kubernetes-list-type'] ?? '')) yield ['twice', [...value, value[0]]]
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
