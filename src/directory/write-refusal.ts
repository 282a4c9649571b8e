/** What Postgres refuses of a write, as what the client may know. */

import { DatabaseError } from 'pg'
import { ScimError } from '#scim/errors.ts'
import type { ResourceType } from '#scim/schema.ts'
import { limitExceeded, limitRefusal } from './limits.ts'

const uniqueViolation = '23505'
/** NUL or a lone surrogate in text: untranslatable_character, invalid_text_representation, character_not_in_repertoire. */
const unstorableText: ReadonlySet<string | undefined> = new Set(['22P05', '22P02', '22021'])

/**
 * The refusal that an error of a write means, or the error as it is. Who has a unique key first is decided by the
 * index alone: a look beforehand would let two through that come at once.
 */
export function writeRefusal(error: unknown, type?: ResourceType): unknown {
  if (!(error instanceof DatabaseError)) return error
  if (type !== undefined && error.code === uniqueViolation && error.constraint === 'resource_unique_key') {
    return new ScimError(409, `Another ${type.name} has this ${type.uniqueAttribute}.`, {
      scimType: 'uniqueness',
      path: type.uniqueAttribute,
      cause: error,
    })
  }
  if (error.code === limitExceeded) return limitRefusal(error.constraint, error.detail, error)
  if (unstorableText.has(error.code)) {
    return new ScimError(400, 'A value has characters that no text may hold.', {
      scimType: 'invalidValue',
      cause: error,
    })
  }
  return error
}
