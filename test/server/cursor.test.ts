import { describe, expect, test } from 'vitest'

import { decodeCursor, encodeCursor } from '#server/cursor.ts'

describe('cursors', () => {
  test('a cursor gives back its keys to the question that it came from', () => {
    const cursor = encodeCursor({ value: 'x' }, ['a', 'ß', null])
    expect(cursor).toMatch(/^[\w-]+$/)
    expect(decodeCursor({ value: 'x' }, cursor)).toEqual(['a', 'ß', null])
  })

  test.for([
    ['another question', encodeCursor({ value: 'y' }, ['a'])],
    ['other things than texts', Buffer.from('[1,2]').toString('base64url')],
    ['no cursor at all', 'page-2'],
    ['nothing', ''],
  ] as const)('a cursor of %s leads nowhere', ([, cursor]) => {
    expect(decodeCursor({ value: 'x' }, cursor)).toBeUndefined()
  })
})
