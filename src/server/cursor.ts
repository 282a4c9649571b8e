/** Opaque cursors: where the next page begins, sealed together with the question that they came from. */

import { createHmac, timingSafeEqual } from 'node:crypto'

import type { Keyring, Pepper } from '#directory/token.ts'

/** Texts that name a place in an order; null is the place of a missing sort key. */
export type CursorKeys = readonly (string | null)[]

export interface Cursors {
  /** In characters that URLs leave alone. `question` is all that selects and orders: tenant, filter, sorting. */
  encode(question: unknown, keys: CursorKeys): string
  /** The keys to go on after; undefined for what was not made for this question: it would skip or repeat rows. */
  decode(question: unknown, cursor: string): CursorKeys | undefined
}

/**
 * Sealed with the pepper, since keys go into statements as they are. Every server reads those of the others, until
 * the pepper is removed.
 */
export const createCursors = (keyring: Keyring): Cursors => ({
  encode(question, keys) {
    const place = Buffer.from(JSON.stringify(keys)).toString('base64url')
    const pepper = keyring.current()
    return `${pepper.kid}.${place}.${seal(pepper, question, place)}`
  },
  decode(question, cursor) {
    const [kid = '', place = '', sealed = '', ...more] = cursor.split('.')
    const pepper = keyring.find(kid)
    if (pepper === undefined || more.length > 0 || !isEqual(sealed, seal(pepper, question, place)))
      return undefined
    const keys: CursorKeys = JSON.parse(Buffer.from(place, 'base64url').toString())
    return keys
  },
})

/** Begins unlike what else is sealed with the pepper (token digests begin with a uuid, records with a bracket). */
const seal = (pepper: Pepper, question: unknown, place: string): string =>
  createHmac('sha256', pepper.key)
    .update(`cursor\0${place}\0${JSON.stringify(question)}`)
    .digest('base64url')
    .slice(0, 22)

const isEqual = (left: string, right: string): boolean => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
