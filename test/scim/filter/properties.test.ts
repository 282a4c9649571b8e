/** What holds for every filter, whatever it is. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ScimError } from '#scim/errors.ts'
import { matches } from '#scim/filter/matches.ts'
import { parseFilter, parseRootFilter } from '#scim/filter/parse.ts'
import { printFilter } from '#scim/filter/print.ts'
import { resourceTypes } from '#scim/resource-types.ts'
import { arbitraryFilter, arbitrarySubject } from '#test/kit/scim-arbitraries.ts'

/** Only a filter and the refusal of one are allowed. */
function outcomeOf(parse: () => unknown): unknown {
  try {
    parse()
    return 'allowed'
  } catch (error) {
    const isRefusal = error instanceof ScimError && error.status === 400 && error.scimType === 'invalidFilter'
    return isRefusal ? 'allowed' : error
  }
}

describe.each(resourceTypes.map((type) => ({ name: type.name, type })))('filters on $name', ({ type }) => {
  test('a filter that is printed and parsed again is the same filter', () => {
    fc.assert(
      fc.property(arbitraryFilter(type), (filter) => {
        fc.pre(printFilter(filter).length <= 4096)
        expect(parseFilter(printFilter(filter), type)).toEqual(filter)
      }),
    )
  })

  test('a filter and its negation never agree', () => {
    fc.assert(
      fc.property(arbitraryFilter(type), arbitrarySubject(type), (filter, subject) => {
        expect(matches({ kind: 'not', filter }, subject)).toBe(!matches(filter, subject))
      }),
    )
  })

  test('a query over all types means the same as one over this type where all attributes are known', () => {
    fc.assert(
      fc.property(arbitraryFilter(type), (filter) => {
        fc.pre(printFilter(filter).length <= 4096)
        expect(parseRootFilter(printFilter(filter), type)).toEqual(filter)
      }),
    )
  })

  test('garbage is refused as invalidFilter or understood, never anything else', () => {
    const token = fc.constantFrom(
      'userName',
      'displayName',
      'emails',
      'members',
      'not',
      'and',
      'or',
      'eq',
      'pr',
      'co',
      '(',
      ')',
      '[',
      ']',
      '.type',
      '"x"',
      '"\\u0000"',
      '"\\ud800"',
      'null',
      'true',
      '5',
      '"',
      '\\',
      'urn:a:b',
      '$ref',
      '\0',
    )
    const text = fc.oneof(
      fc.array(token, { maxLength: 12 }).map((parts) => parts.join(' ')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (filter) => {
        expect(outcomeOf(() => parseFilter(filter, type))).toBe('allowed')
      }),
      { numRuns: 1000 },
    )
  })
})
