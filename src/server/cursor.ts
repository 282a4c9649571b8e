/** Opaque cursors: where the next page begins, bound to the question that they came from. */

import { hash } from 'node:crypto'

/** Texts that name a place in an order; null is the place of a missing sort key. */
export type CursorKeys = readonly (string | null)[]

/** In characters that URLs leave alone. `question` is all that selects and orders: tenant, filter, sorting. */
export const encodeCursor = (question: unknown, keys: CursorKeys): string =>
  Buffer.from(JSON.stringify([fingerprint(question), ...keys])).toString('base64url')

/** The keys to go on after; undefined for what was not made for this question: it would skip or repeat rows. */
export const decodeCursor = (question: unknown, cursor: string): CursorKeys | undefined => {
  const parts = parse(cursor)
  return parts?.[0] === fingerprint(question) ? parts.slice(1) : undefined
}

const fingerprint = (question: unknown): string =>
  hash('sha256', JSON.stringify(question), 'base64url').slice(0, 8)

const parse = (cursor: string): CursorKeys | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const isKeys = Array.isArray(value) && value.every((part) => typeof part === 'string' || part === null)
    return isKeys ? value : undefined
  } catch {
    return undefined
  }
}
