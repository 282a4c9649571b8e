import { describe, expect, test } from 'vitest'

import { parseQuery } from '#server/query.ts'

import { refusal } from '#test/kit/refusal.ts'

const parsed = (text: string): Record<string, string> => Object.fromEntries(parseQuery(text))

describe('the query string', () => {
  // Microsoft's inbound collection writes startindex=0.
  test('parameter names are read in any case', () => {
    expect(parsed('startIndex=2&STARTINDEX=3&Count=5')).toEqual({ startindex: '2', count: '5' })
  })

  // OneLogin: ?filter=userName+eq+%22x%22&
  test('empty pairs and a trailing ampersand are nothing', () => {
    expect(parsed('')).toEqual({})
    expect(parsed('&a=1&&b&')).toEqual({ a: '1', b: '' })
  })

  test.for([
    ['OneLogin writes spaces as plus', 'userName+eq+%22a%20b%22', 'userName eq "a b"'],
    [
      'a plus in an address stays when spaces are %20',
      'userName%20eq%20%22a+b@x.org%22',
      'userName eq "a+b@x.org"',
    ],
    ['an encoded plus is a plus in every style', 'userName+eq+%22a%2Bb%22', 'userName eq "a+b"'],
    ['a plus without any quote is a space', 'a+b', 'a b'],
  ] as const)('%s', ([, sent, meant]) => {
    expect(parsed(`filter=${sent}`)).toEqual({ filter: meant })
  })

  test('bytes that are no UTF-8 are refused as invalidValue', () => {
    expect(() => parseQuery('filter=%ff')).toThrow(refusal(400, 'invalidValue'))
    expect(() => parseQuery('filter=%zz')).toThrow(refusal(400, 'invalidValue'))
  })
})
