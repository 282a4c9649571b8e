/** Errors that a person can mend, in one sentence each; all others stay as they are, with their stack. */
import { isErrno } from './kube-folder/atomic-file.ts'
import { Mistake } from './mistake.ts'

import type { StandaloneConfig } from '#platform/config.ts'

type Ports = Pick<StandaloneConfig, 'scimPort' | 'directoryPort' | 'opsPort'>

/** The error to show; a Mistake where there is a better sentence than the system's. */
export const explain = (error: unknown, ports: Ports): unknown => {
  if (isErrno(error, 'EADDRINUSE'))
    return new Mistake(
      `Port ${portOf(error, ports)} is in use by another program: stop it, or choose another port (0 takes a free one).`,
      { cause: error },
    )
  if (isErrno(error, 'EACCES') && 'syscall' in error && error.syscall === 'listen')
    return new Mistake(
      `Port ${portOf(error, ports)} needs rights that this process has not: choose one above 1023.`,
      {
        cause: error,
      },
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
