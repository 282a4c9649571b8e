/** Errors that a person can mend, in one sentence each; all others stay as they are, with their stack. */
import { isErrno } from './kube-folder/atomic-file.ts'

import { DatabaseUnavailableError, sqlState } from '#directory/unavailable.ts'
import { Mistake } from '#platform/mistake.ts'

import type { StandaloneConfig } from '#platform/config.ts'

/** What the system says of a server that is not there. */
const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']

/** SQLSTATE of a user or password that Postgres does not take (class 28), and of a database it has not. */
const refusedStates = /^(?:28...|3D000)$/

/**
 * The error to show; a Mistake where there is a better sentence than the system's. Only of a Postgres that was named
 * by its URLs: of the embedded one nobody could mend it.
 */
export const explain = (
  error: unknown,
  { databaseOwnerUrl }: Pick<StandaloneConfig, 'databaseOwnerUrl'>,
): unknown => {
  if (databaseOwnerUrl === undefined) return error
  const cause = error instanceof DatabaseUnavailableError ? error.cause : error
  if (!(cause instanceof Error)) return error
  const code = unreachable.find((name) => isErrno(cause, name))
  if (code !== undefined)
    return new Mistake(
      // Where a name has several addresses, their error has no message of its own.
      `Postgres cannot be reached (${cause.message || code}): is it running, and are DATABASE_OWNER_URL, DATABASE_URL and WORKER_DATABASE_URL right?`,
      { cause: error },
    )
  if (refusedStates.test(sqlState(cause) ?? ''))
    return new Mistake(
      `Postgres refuses the connection (${cause.message}): correct DATABASE_OWNER_URL, DATABASE_URL or WORKER_DATABASE_URL.`,
      { cause: error },
    )
  return error
}
