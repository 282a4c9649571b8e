import { expect, test } from 'vitest'

import { schemaProblems, withDefaults } from '#standalone/kube-folder/schema-admission.ts'

import { unenforcedKeywords } from '#standalone/kube-folder/schema-keywords.ts'

import type { OpenApiSchema } from '#operator/api/crd.ts'

const schema: OpenApiSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z😀]+$' },
    mode: { type: 'string', enum: ['A', 'B'], default: 'A' },
    size: { type: 'integer', minimum: 1, maximum: 9 },
    ratio: { type: 'number' },
    at: { type: 'string', format: 'date-time' },
    inner: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    tags: { type: 'array', maxItems: 2, items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    parts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id'],
        properties: { id: { type: 'string' }, n: { type: 'integer', default: 1 } },
      },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
    },
  },
}

const problems = (value: unknown): readonly string[] =>
  schemaProblems(value, schema).map(({ path, message }) => `${path} ${message}`)

test('defaults are filled in at every depth, but never over what is given', () => {
  const { value } = withDefaults({ name: 'ab', inner: {}, parts: [{ id: 'x' }, { id: 'y', n: 5 }] }, schema)
  expect(value).toEqual({
    name: 'ab',
    mode: 'A',
    inner: { on: true },
    parts: [
      { id: 'x', n: 1 },
      { id: 'y', n: 5 },
    ],
  })
  expect(withDefaults({ name: 'ab', mode: 'B', inner: { on: false } }, schema).value).toEqual({
    name: 'ab',
    mode: 'B',
    inner: { on: false },
  })
})

test('a field that is null is none: its default is filled in, and it is missing where it is required', () => {
  const { value, unknown } = withDefaults({ name: null, mode: null, labels: { x: null } }, schema)
  expect([value, unknown]).toEqual([{ mode: 'A', inner: { on: true }, labels: {} }, []])
  expect(problems(value)).toEqual(['name is required'])
})

test('fields that no schema names are dropped and listed, keys of maps are kept', () => {
  const { value, unknown } = withDefaults(
    { name: 'ab', nme: 1, labels: { any: 'x' }, parts: [{ id: 'x', z: 1 }], constructor: 1 },
    schema,
  )
  expect(unknown).toEqual(['nme', 'parts[0].z', 'constructor'])
  expect(value).toMatchObject({ labels: { any: 'x' }, parts: [{ id: 'x', n: 1 }] })
  expect(value).not.toHaveProperty('nme')
})

test.for([
  [{}, 'name is required'],
  [{ name: 'a' }, 'name must have at least 2 characters'],
  [{ name: 'abcde' }, 'name must have at most 4 characters, not 5'],
  [{ name: 'AB' }, 'name must match ^[a-z😀]+$, unlike "AB"'],
  [{ name: 5 }, 'name must be of type string, not 5'],
  [{ name: null }, 'name must be of type string, not null'],
  [{ name: 'ab', mode: 'C' }, 'mode must be one of A, B, not "C"'],
  [{ name: 'ab', size: 1.5 }, 'size must be a whole number, not 1.5'],
  [{ name: 'ab', size: 0 }, 'size must be at least 1, not 0'],
  [{ name: 'ab', size: 10 }, 'size must be at most 9, not 10'],
  [{ name: 'ab', at: '2026-11-22' }, 'at must be an RFC 3339 time, not "2026-11-22"'],
  [{ name: 'ab', tags: ['a', 'a'] }, 'tags must not hold "a" twice'],
  [{ name: 'ab', tags: ['a', 'b', 'c'] }, 'tags must have at most 2 items, not 3'],
  [{ name: 'ab', parts: [{ id: 'x' }, { id: 'x', n: 2 }] }, 'parts must not hold ["x"] twice'],
  [{ name: 'ab', parts: [{ n: 2 }] }, 'parts[0].id is required'],
  [{ name: 'ab', labels: { x: 1 } }, 'labels.x must be of type string, not 1'],
] as const)('a value that the schema refuses is named with its path: %j', ([value, problem]) => {
  expect(problems(value)).toEqual([problem])
})

test('characters are counted as people and Kubernetes count them', () => {
  expect(problems({ name: '😀😀😀😀', ratio: 1, at: '2026-11-22T12:00:00+01:00' })).toEqual([])
})

test('a word of a schema that nothing here enforces is found, wherever it stands', () => {
  expect(unenforcedKeywords(schema)).toEqual([])
  const more = JSON.parse(
    JSON.stringify({
      type: 'object',
      anyOf: [],
      properties: {
        list: { type: 'array', items: { type: 'integer', exclusiveMinimum: true } },
        text: { type: 'string', 'x-kubernetes-validations': [{ rule: 'true', optionalOldSelf: true }] },
      },
    }),
  )
  expect(unenforcedKeywords(more)).toEqual([
    'anyOf',
    'list.exclusiveMinimum',
    'text.x-kubernetes-validations.optionalOldSelf',
  ])
})
