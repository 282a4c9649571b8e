/** Cursors of lists: where the next page begins, how large pages are, and since when (RFC 9865 section 2). */

import type { ListPosition } from '#directory/list-resources.ts'
import { ScimError } from '#scim/errors.ts'
import type { ScimType } from '#scim/errors.ts'

import type { Call } from './call.ts'
import type { CursorKeys } from './cursor.ts'

/** How long a client may take between two pages. A cursor costs us nothing; it only should not be good for ever. */
export const cursorTimeoutSeconds = 24 * 60 * 60

export interface Place {
  readonly position: ListPosition
  readonly count: number
}

type Clocked = Pick<Call, 'cursors' | 'now'>

/** `question` is all that selects and orders. */
export const cursorTo = ({ cursors, now }: Clocked, question: unknown, place: Place): string => {
  const { id, key } = place.position
  const keys = [String(now()), String(place.count), id]
  return cursors.encode(question, key === undefined ? keys : [...keys, key])
}

/**
 * The place to go on from. Throws 400: invalidCursor for what was not made for this question, expiredCursor, and
 * invalidCount for another page size than that of the pages before, if one is asked for.
 */
export const placeAt = (
  { cursors, now }: Clocked,
  question: unknown,
  { cursor, count }: { readonly cursor: string; readonly count?: number },
): Place => {
  const place = placeIn(cursors.decode(question, cursor))
  if (place === undefined)
    throw refusal(
      'invalidCursor',
      'cursor',
      'The cursor does not belong to this query; begin again without it.',
    )
  if (now() - place.madeMs > cursorTimeoutSeconds * 1000)
    throw refusal(
      'expiredCursor',
      'cursor',
      `The cursor is older than ${cursorTimeoutSeconds} seconds; begin again without it.`,
    )
  if (count !== undefined && count !== place.count)
    throw refusal('invalidCount', 'count', `The pages of this query have a count of ${place.count}.`)
  return place
}

const placeIn = (keys: CursorKeys | undefined): (Place & { readonly madeMs: number }) | undefined => {
  const [madeMs, count, id, key] = keys ?? []
  if (typeof madeMs !== 'string' || typeof count !== 'string' || typeof id !== 'string') return undefined
  return {
    madeMs: Number(madeMs),
    count: Number(count),
    position: key === undefined ? { id } : { id, key },
  }
}

const refusal = (scimType: ScimType, path: string, detail: string): ScimError =>
  new ScimError(400, detail, { scimType, path })
