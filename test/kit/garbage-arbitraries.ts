/** Generators of what no client should send: texts, JSON and paths that break parsers, and valid bodies made wrong. */

import * as fc from 'fast-check'

import type { Json, JsonObject } from '#scim/json.ts'
import type { ResourceType } from '#scim/schema.ts'

import { allReferences, arbitraryBody } from './scim-arbitraries.ts'
import { urns } from './scim-bodies.ts'

const nasty = [
  '',
  '\u0000',
  '\ud83d',
  '\uFEFF',
  '\u202E',
  '%',
  "'",
  '"',
  '\\',
  '$1',
  '{}',
  '[]',
  '])}',
  'null',
  '__proto__',
  'constructor',
  '1e999',
  '2026-13-45T99:99:99Z',
  '9'.repeat(400),
  'ß'.repeat(3000),
  'e\u0301'.repeat(500),
  '01a203d3-ea8a-79a9-b1f1-6c436d742113',
  'bulkId:x',
]

/** Text of any code units, half surrogate pairs and NUL among them. */
export const garbageText = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...nasty),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
    fc
      .array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 6 })
      .map((units) => String.fromCodePoint(...units)),
  )

const numbers = [0, -0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324]

const nested = (depth: number): Json => {
  let value: Json = 'deep'
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value }
  return value
}

/** JSON of any shape, deep ones too. */
export const garbageJson = (): fc.Arbitrary<Json> =>
  fc.letrec<{ any: Json }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      garbageText(),
      fc.boolean(),
      fc.constantFrom(...numbers),
      fc.integer(),
      fc.constant(null),
      fc.integer({ min: 2, max: 200 }).map(nested),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(garbageKey(), tie('any'), { maxKeys: 3 }),
    ),
  })).any

const garbageKey = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom('value', 'type', 'primary', 'display', '$ref', 'givenName', '__proto__', 'toString'),
    garbageText(),
  )

const oddPaths = [
  'emails[type eq "work"].value',
  'emails[value eq "x"]',
  'emails[',
  'emails[]',
  'members[value eq "x"].display',
  'name.givenName.more',
  'groups',
  'id',
  'meta.created',
  'password',
  'nothing',
  urns.enterprise,
  `${urns.enterprise}:`,
  'urn:x:y:z',
]

/** A path of the type, one that is wrong in an instructive way, or text. */
export const garbagePath = (type: ResourceType): fc.Arbitrary<string> => {
  const known = allReferences(type).map(({ extension, attribute, subAttribute }) => {
    const prefix = extension === undefined ? '' : `${extension}:`
    return `${prefix}${attribute.name}${subAttribute === undefined ? '' : `.${subAttribute.name}`}`
  })
  return fc.oneof(fc.constantFrom(...known), fc.constantFrom(...oddPaths), garbageText())
}

/** A valid body with a few attributes replaced, or joined, by garbage. */
export const garbageBody = (type: ResourceType): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(arbitraryBody(type), fc.dictionary(garbagePath(type), garbageJson(), { minKeys: 1, maxKeys: 4 }))
    .map(([body, garbage]) => Object.assign({}, body, garbage))

/** Operations with garbage for op, path or value, among them some that are fine. */
export const garbageOperations = (type: ResourceType): fc.Arbitrary<readonly Json[]> => {
  const operation = fc.record(
    {
      op: fc.oneof(fc.constantFrom('add', 'replace', 'remove', 'Add', 'move'), garbageJson()),
      path: fc.oneof({ weight: 4, arbitrary: garbagePath(type) }, { weight: 1, arbitrary: garbageJson() }),
      value: garbageJson(),
    },
    { requiredKeys: [] },
  )
  const fine = fc.constantFrom<Json>({ op: 'replace', path: 'externalId', value: 'must not stay' })
  return fc.array(fc.oneof({ weight: 3, arbitrary: operation }, { weight: 1, arbitrary: fine }), {
    maxLength: 4,
  })
}

/** Bytes that are no JSON, or JSON of a size, depth or number that no parser expects. */
export const garbageBytes = (): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 1, max: 50_000 }).map((depth) => Buffer.from('['.repeat(depth))),
    fc
      .integer({ min: 1, max: 50_000 })
      .map((depth) => Buffer.from('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))),
    fc
      .constantFrom(
        '1e400',
        '-1e400',
        '9'.repeat(5000),
        '0.' + '0'.repeat(5000) + '1',
        '-0',
        'NaN',
        '1e',
        '01',
      )
      .map((number) => Buffer.from(`{"userName":"n","title":${number},"emails":[{"primary":${number}}]}`)),
    fc
      .constantFrom('', ' ', 'null', 'true', '"x"', '[]', '{', '{"userName":"\\ud83d"}', '{"a":1,}')
      .map((text) => Buffer.from(text)),
  )
