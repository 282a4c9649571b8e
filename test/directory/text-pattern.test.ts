import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOfPrefix, escapedForLike, hasTrigram } from '#directory/text-pattern.ts'
import { compareCodePoints } from '#scim/fold.ts'

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '\uD7FF', '\uE000', '\uFFFF', '😀', '\u{10FFFF}', '\u0001'),
  maxLength: 5,
})

test('a text begins with a prefix exactly when it is at or above it and below its end', () => {
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      for (const candidate of [other, prefix + other]) {
        const end = endOfPrefix(prefix)
        const isInRange =
          compareCodePoints(candidate, prefix) >= 0 &&
          (end === undefined || compareCodePoints(candidate, end) < 0)
        expect(isInRange).toBe(candidate.startsWith(prefix))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('the end of a prefix is text that Postgres can hold', () => {
  expect(endOfPrefix('a\uD7FF')).toBe('a\uE000')
  expect(endOfPrefix('a\u{10FFFF}')).toBe('b')
  expect(endOfPrefix('\u{10FFFF}')).toBeUndefined()
  expect(endOfPrefix('')).toBeUndefined()
})

test('percent, underscore and backslash stand for themselves in a pattern', () => {
  expect(escapedForLike('100%_\\x')).toBe('100\\%\\_\\\\x')
})

test('a trigram takes three letters or digits in a row', () => {
  expect(['ann', 'a.b.c', 'añb', 'x@y', '@abc'].map(hasTrigram)).toEqual([true, false, true, false, true])
})
