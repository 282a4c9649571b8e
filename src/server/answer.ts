/** What a handler answers, before anything is written. */

import type { ScimError } from '#scim/errors.ts'

export interface Answer {
  readonly status: number
  /** JSON text; absent for 204 and 304. */
  readonly body?: string
  /** Instead of a body: one that is too large to be held. */
  readonly stream?: BodyStream
  readonly headers?: Readonly<Record<string, string>>
  /** The refusal that the body renders, for the log. */
  readonly refusal?: ScimError
}

/** A body that is made while it is sent. Disposing it, whether it was sent or not, gives back what it is read from. */
export interface BodyStream extends AsyncDisposable {
  readonly pieces: AsyncIterable<string>
}

export const noContent = (headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 204,
  headers,
})

export const jsonAnswer = (body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  body,
  headers,
})
