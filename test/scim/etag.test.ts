/** Entity tags and the conditions on them (RFC 7644 section 3.14). */

import { expect, test } from 'vitest'
import { etagOf, parseIfMatch, preconditionHolds } from '#scim/etag.ts'

test('a version has a weak tag', () => {
  expect(etagOf(7)).toBe('W/"7"')
})

test.for([
  ['W/"7"', true],
  ['"7"', true],
  ['w/"7"', true],
  ['7', true],
  ['*', true],
  ['"6", W/"7"', true],
  ['"6"', false],
  ['"77"', false],
  ['', false],
  ['W/"7', false],
] as const)('the header %s names version 7: %s', ([header, expected]) => {
  expect(preconditionHolds(parseIfMatch(header), 7)).toBe(expected)
})
