/** The folded columns of a document, and folding itself. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareCodePoints, fold } from '#scim/fold.ts'
import { keysOf } from '#scim/keys.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { awkwardText } from '#test/kit/scim-arbitraries.ts'

describe('keys', () => {
  test('of a user are folded, except what is case exact', () => {
    const data = {
      userName: 'Ada@EXAMPLE.com',
      displayName: 'ＡＤＡ Straße',
      externalId: 'Ext-1',
      active: false,
      emails: [{ type: 'Work', value: 'A@X' }, { type: 'home' }, { value: 'B@X' }],
    }
    expect(keysOf(data, userType)).toEqual({
      uniqueKey: 'ada@example.com',
      displayKey: 'ada straße',
      externalId: 'Ext-1',
      active: false,
      emails: [
        { type: 'work', valueKey: 'a@x' },
        { type: null, valueKey: 'b@x' },
      ],
    })
  })

  test('of a group have its name as the unique one, and null for what is not assigned', () => {
    expect(keysOf({ displayName: 'Engineers' }, groupType)).toEqual({
      uniqueKey: 'engineers',
      displayKey: 'engineers',
      externalId: null,
      active: null,
      emails: [],
    })
  })
})

describe('folding', () => {
  test('twice is folding once', () => {
    fc.assert(
      fc.property(awkwardText(), (text) => {
        expect(fold(fold(text))).toBe(fold(text))
      }),
    )
    // The planes of living scripts and symbols, where the mappings are.
    const characters = Array.from({ length: 0x2_00_00 }, (_, code) => String.fromCodePoint(code))
    expect(characters.map(fold).filter((folded) => fold(folded) !== folded)).toEqual([])
  })

  test('orders by code point as UTF-8 bytes do', () => {
    fc.assert(
      fc.property(awkwardText(), awkwardText(), (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right))
        expect(Math.sign(compareCodePoints(left, right))).toBe(bytes)
      }),
    )
  })
})
