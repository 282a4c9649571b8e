/** Errors that a person can mend, in one sentence each; all others stay as they are, with their stack. */
import { isErrno } from './kube-folder/atomic-file.ts'
import { Mistake } from './mistake.ts'

import { DatabaseUnavailableError, sqlState } from '#directory/unavailable.ts'

import type { StandaloneConfig } from '#platform/config.ts'

type Ports = Pick<StandaloneConfig, 'scimPort' | 'directoryPort' | 'opsPort'>
type Settings = Ports & Pick<StandaloneConfig, 'databaseOwnerUrl'>

/** What the system says of a server that is not there. */
const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']

/** SQLSTATE of a user or password that Postgres does not take (class 28), and of a database it has not. */
const refusedStates = /^(?:28...|3D000)$/

/** The error to show; a Mistake where there is a better sentence than the system's. */
export const explain = (error: unknown, settings: Settings): unknown => {
  if (isErrno(error, 'EADDRINUSE'))
    return new Mistake(
      `Port ${portOf(error, settings)} is in use by another program: stop it, or choose another port (0 takes a free one).`,
      { cause: error },
    )
  if (isErrno(error, 'EACCES') && 'syscall' in error && error.syscall === 'listen')
    return new Mistake(
      `Port ${portOf(error, settings)} needs rights that this process has not: choose one above 1023.`,
      {
        cause: error,
      },
    )
  return settings.databaseOwnerUrl === undefined ? error : explainDatabase(error)
}

/** Only of a Postgres that was named by its URLs: of the embedded one nobody could mend it. */
const explainDatabase = (error: unknown): unknown => {
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

/** The port and its flag: `8080 (--scim-port)`. */
const portOf = (error: Error, { scimPort, directoryPort, opsPort }: Ports): string => {
  const port = 'port' in error ? Number(error.port) : 0
  const flag = new Map([
    [opsPort, '--ops-port'],
    [directoryPort, '--directory-port'],
    [scimPort, '--scim-port'],
  ]).get(port)
  return flag === undefined ? String(port) : `${port} (${flag})`
}
