/** Refusals of the Directory API as problem details (RFC 9457). */

import { STATUS_CODES } from 'node:http'

import type { ScimError } from '#scim/errors.ts'
import type { Answer } from '#server/answer.ts'
import { asRefusal } from '#server/fault.ts'
import { refusalHeaders } from '#server/reply.ts'

export const problemType = 'application/problem+json'

/** `about:blank`: the status says what kind of problem it is, `title` is its phrase (RFC 9457 section 4.2.1). */
export const problemBody = (error: ScimError, requestId?: string): string =>
  JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    parameter: error.path,
    requestId,
  })

/** Whatever was thrown, as an answer. */
export const problemAnswer = (thrown: unknown, requestId: string): Answer => {
  const refusal = asRefusal(thrown, requestId)
  return {
    status: refusal.status,
    body: problemBody(refusal, requestId),
    headers: refusalHeaders(refusal),
    refusal,
  }
}
