/** Turns whatever was thrown into the one refusal that the client sees. */

import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { ScimError } from '#scim/errors.ts'

/** Postgres fails over in seconds; an identity provider that waits this long meets the new primary. */
const databaseRetrySeconds = 5

/**
 * A ScimError stays what it is; an absent database is 503, everything else 500. Their public detail names the
 * request, so that a report by the client leads to the log line that holds the cause.
 */
export const asRefusal = (error: unknown, requestId: string): ScimError => {
  if (error instanceof ScimError) return error
  if (error instanceof DatabaseUnavailableError)
    return new ScimError(503, `The directory is not available at the moment (request ${requestId}).`, {
      retryAfterSeconds: databaseRetrySeconds,
      cause: error,
    })
  return new ScimError(500, `Something went wrong on our side (request ${requestId}).`, { cause: error })
}
