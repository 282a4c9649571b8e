/** The tables that both API servers of the tests are held to leave no rule and no field out. */

import { expect, test } from 'vitest'
import { crds, type OpenApiSchema } from '#operator/api/crd.ts'
import { refusedRows } from '#test/kit/admission-rows.ts'
import { fullObjects } from '#test/kit/full-objects.ts'
import { fieldsOf } from '#test/kit/schema-violations.ts'

const roots = crds().map(({ spec }) => [spec.names.kind, spec.versions[0]!.schema.openAPIV3Schema] as const)

/** Place and message of every rule of a schema. */
function* rulesOf(schema: OpenApiSchema, at: string): Generator<string> {
  for (const { message } of schema['x-kubernetes-validations'] ?? []) yield `${at}: ${message ?? ''}`
  if (schema.items !== undefined) yield* rulesOf(schema.items, `${at}[]`)
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* rulesOf(child, `${at}.${name}`)
}

test('every rule of both kinds refuses an object of the table, at its place and with its message', () => {
  const broken = refusedRows.map(
    ({ object, field, message }) =>
      `${object.kind}${field === '' ? '' : '.'}${field.replaceAll(/\[\d+\]/g, '[]')}: ${message}`,
  )
  const rules = roots.flatMap(([kind, schema]) => [...rulesOf(schema, kind)])
  expect(rules.filter((rule) => !broken.includes(rule))).toEqual([])
  expect(broken.filter((rule) => !rules.includes(rule))).toEqual([])
})

/** Places of a value's fields, items as `[]`. */
function* filled(value: unknown, at: string): Generator<string> {
  yield at
  if (Array.isArray(value)) for (const item of value) yield* filled(item, `${at}[]`)
  else if (typeof value === 'object' && value !== null)
    for (const [name, child] of Object.entries(value)) yield* filled(child, `${at}.${name}`)
}

test('the full objects fill every field that a person may write', () => {
  const given = new Set(fullObjects.flatMap(({ kind, spec }) => filled(spec, `${kind}.spec`).toArray()))
  const fields = roots.flatMap(([kind, schema]) =>
    [...fieldsOf(schema.properties?.['spec'] ?? {})].map((field) => `${kind}.spec${field}`),
  )
  expect(fields.filter((field) => !given.has(field))).toEqual([])
})
