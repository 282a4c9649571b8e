/** What is said of bytes that never become a request: malformed HTTP, headers that are too large or too slow. */

import type { Logger } from '#platform/log.ts'
import { ScimError } from '#scim/errors.ts'

/**
 * Longest request line with headers. Four times what Node allows, since a filter of the longest kind that we promise
 * to read, 4,096 characters, takes up to 36 kB once it is percent-encoded.
 */
export const maxHeaderBytes = 65_536

const details: Readonly<Record<number, string>> = {
  408: 'The request did not arrive in time.',
  431: `The URL and the headers are longer than ${maxHeaderBytes} bytes together. A long question can be asked by POST to .search.`,
}

const noRequest = 'The bytes on this connection are no HTTP request that can be answered.'

/** The refusal, after its line in the log; neither tenant nor path is known. */
export const protocolRefusal = (log: Logger, status: number, requestId: string): ScimError => {
  const refusal = new ScimError(status, details[status] ?? noRequest)
  log.warn({ requestId, status, reason: refusal.message }, 'request refused')
  return refusal
}
