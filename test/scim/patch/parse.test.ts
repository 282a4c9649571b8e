/** What is refused in the body of a PATCH, with which scimType (RFC 7644 section 3.5.2 and table 9). */

import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '#scim/json.ts'
import { maxPatchOperations } from '#scim/patch/dialects.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { messageUrns, schemaUrns } from '#scim/urns.ts'
import { refusal } from '#test/kit/refusal.ts'
import { patchBody } from '#test/kit/scim-requests.ts'

const one = (operation: Json): JsonObject => patchBody([operation])

const many = (count: number): JsonObject =>
  patchBody(Array.from({ length: count }, () => ({ op: 'remove', path: 'title' })))

describe('a PATCH body is refused', () => {
  test.for<[unknown, string]>([
    [[], 'invalidSyntax'],
    ['x', 'invalidSyntax'],
    [null, 'invalidSyntax'],
    [undefined, 'invalidSyntax'],
    [{}, 'invalidSyntax'],
    [{ schemas: [schemaUrns.user], Operations: [{ op: 'add', path: 'title', value: 'x' }] }, 'invalidSyntax'],
    [{ schemas: [messageUrns.patchOp], Operations: {} }, 'invalidSyntax'],
    [patchBody([]), 'invalidValue'],
    [patchBody([5]), 'invalidSyntax'],
    [one({ path: 'title', value: 'x' }), 'invalidSyntax'],
    [one({ op: 'move', path: 'title' }), 'invalidSyntax'],
    [one({ op: 'add', path: 5, value: 'x' }), 'invalidPath'],
  ])('for its shape: %j is %s', ([body, scimType]) => {
    expect(() => parsePatch(body, userType)).toThrow(refusal(400, scimType))
  })

  // "If "path" is unspecified, the operation fails with HTTP status code 400 and a "scimType" error code of "noTarget"."
  test.for<JsonObject>([
    { op: 'remove' },
    { op: 'remove', path: '' },
    { op: 'Remove', value: { title: 'x' } },
  ])('for a remove without a path: %j', (operation) => {
    expect(() => parsePatch(one(operation), userType)).toThrow(refusal(400, 'noTarget'))
  })

  test.for([
    'emails[',
    'emails]',
    'emails[type eq "x"',
    '[type pr]',
    'a b',
    '.',
    'name.',
    'name..x',
    'a.b.c',
    'emails[type pr].a.b',
    'name[givenName pr]',
    'title[value pr]',
    '/title',
  ])('for a path that is none: %s', (path) => {
    expect(() => parsePatch(one({ op: 'replace', path, value: 'x' }), userType)).toThrow(
      refusal(400, 'invalidPath'),
    )
  })

  // Table 9: invalidFilter is for "PATCH (Path Filter - Section 3.5.2)" too.
  test.for([
    'emails[]',
    'emails[type]',
    'emails[type is "x"]',
    'emails[unknown eq "x"]',
    'emails[primary gt true]',
  ])('for what is wrong in its brackets: %s', (path) => {
    expect(() => parsePatch(one({ op: 'replace', path, value: 'x' }), userType)).toThrow(
      refusal(400, 'invalidFilter'),
    )
  })

  test.for<JsonObject>([
    { op: 'add', path: 'title' },
    { op: 'replace' },
    { op: 'replace', value: 'x' },
    { op: 'add', value: [{ title: 'x' }, {}] },
    { op: 'replace', path: 'title', value: 5 },
    { op: 'replace', path: 'title', value: true },
    { op: 'replace', path: 'title', value: { a: 1 } },
    { op: 'replace', path: 'title', value: ['a', 'b'] },
    { op: 'replace', path: 'active', value: 'yes' },
    { op: 'replace', path: 'active', value: 1 },
    { op: 'replace', path: 'name', value: 'Ada' },
    { op: 'replace', path: 'emails', value: 5 },
    { op: 'add', path: 'emails', value: [[]] },
    { op: 'add', path: 'x509Certificates', value: [{ value: 'not base64!' }] },
    { op: 'replace', path: schemaUrns.enterpriseUser, value: 'x' },
    { op: 'replace', path: 'title', value: 'NUL \0' },
    { op: 'replace', path: 'title', value: 'half \ud83d' },
  ])('for a value of another type: %j', (operation) => {
    expect(() => parsePatch(one(operation), userType)).toThrow(refusal(400, 'invalidValue'))
  })

  test('for more operations than the limit', () => {
    expect(parsePatch(many(maxPatchOperations), userType).operations).toHaveLength(maxPatchOperations)
    expect(() => parsePatch(many(maxPatchOperations + 1), userType)).toThrow(refusal(413))
  })

  test('with a sentence that names the attribute', () => {
    expect(() =>
      parsePatch(one({ op: 'replace', path: 'emails[type eq "work"].primary', value: 'x' }), userType),
    ).toThrow('emails[type eq "work"].primary is true or false.')
  })
})

describe('an attribute that the schema does not have', () => {
  test.for<JsonObject>([
    { op: 'replace', path: 'unknown', value: 'x' },
    { op: 'add', path: 'name.unknown', value: 'x' },
    { op: 'remove', path: 'emails[type eq "work"].unknown' },
    { op: 'remove', path: 'unknown[type eq "work"]' },
    { op: 'add', path: 'urn:example:1.0:User:x', value: 'x' },
    { op: 'replace', value: { unknown: 1, 'urn:example:1.0:User': { x: 1 }, 'a b': 1, __proto__: 1 } },
    { op: 'replace', path: 'name', value: { unknown: 1 } },
  ])('is dropped: %j', (operation) => {
    const { operations, dialects } = parsePatch(one(operation), userType)
    expect(
      operations.filter(
        (found) => found.op !== 'replace' || found.target.reference.attribute.name !== 'name',
      ),
    ).toEqual([])
    expect(dialects.some((name) => name === 'unknown-attribute' || name === 'entra-unknown-schema')).toBe(
      true,
    )
  })

  test('is refused as invalidPath where the integration is strict', () => {
    const body = one({ op: 'replace', path: 'unknown', value: 'x' })
    expect(() => parsePatch(body, userType, { isStrict: true })).toThrow(refusal(400, 'invalidPath'))
  })
})

test('a key that would reach the prototype of objects is an unknown attribute', () => {
  const body: unknown = JSON.parse(
    `{"schemas":["${messageUrns.patchOp}"],"Operations":[{"op":"add","value":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}},{"op":"add","path":"constructor.polluted","value":"x"}]}`,
  )
  expect(parsePatch(body, groupType).operations).toEqual([])
  expect({}).not.toHaveProperty('polluted')
})

test('a PATCH of the standard speaks no dialect', () => {
  const body = one({ op: 'replace', path: 'emails[type eq "work"].value', value: 'x' })
  expect(parsePatch(body, userType).dialects).toEqual([])
})
