import { describe, expect, test } from 'vitest'

import { createCursors } from '#server/cursor.ts'
import { keyring, pepper } from '#test/kit/server.ts'

const cursors = createCursors(keyring)
const question = { value: 'x' }
const made = cursors.encode(question, ['a', 'ß', null])

describe('cursors', () => {
  test('a cursor gives back its keys to the question that it came from', () => {
    expect(made).toMatch(/^[\w.-]+$/)
    expect(cursors.decode(question, made)).toEqual(['a', 'ß', null])
  })

  test('a cursor made under a pepper that is no longer the newest is read', () => {
    const newer = { kid: 'k2', key: Buffer.alloc(32, 1) }
    const rotated = createCursors({ current: () => newer, find: (kid) => (kid === 'k2' ? newer : pepper) })
    expect(rotated.decode(question, made)).toEqual(['a', 'ß', null])
  })

  const [kid, , seal] = made.split('.')
  const planted = Buffer.from('["no uuid"]').toString('base64url')
  test.for([
    ['another question', cursors.encode({ value: 'y' }, ['a'])],
    ['keys that somebody planted', `${kid}.${planted}.${seal}`],
    ['an unknown pepper', made.replace('k1.', 'k9.')],
    ['a seal of other characters', `${kid}.${planted}.${'é'.repeat(22)}`],
    ['no seal', `${kid}.${planted}`],
    ['no cursor at all', 'page-2'],
    ['nothing', ''],
  ] as const)('a cursor of %s leads nowhere', ([, cursor]) => {
    expect(cursors.decode(question, cursor)).toBeUndefined()
  })
})
