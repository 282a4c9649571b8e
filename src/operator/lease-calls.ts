/** Calls to the Lease, each with a limit of time, and what a refusal means. */

import { deadline } from './clock.ts'
import { KubeError } from './kube.ts'
import { electionTiming } from './lease-record.ts'

import type { Clock } from './clock.ts'
import type { ObjectKey } from './kube.ts'
import type { Lease, Leases } from './leases.ts'

export interface LeaseCalls {
  read(signal: AbortSignal): Promise<Lease | undefined>
  /** Creates what has never been read, replaces what has. */
  write(lease: Lease, signal: AbortSignal): Promise<Lease>
}

export function leaseCalls(leases: Leases, key: ObjectKey, clock: Clock): LeaseCalls {
  const limited = async <T>(parent: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    using limit = deadline(clock, electionTiming.callLimitMs, parent)
    return await call(limit.signal)
  }
  return {
    read: (parent) => limited(parent, (signal) => leases.read(key, { signal })),
    write: (lease, parent) =>
      limited(parent, (signal) =>
        lease.resourceVersion === undefined
          ? leases.create(lease, { signal })
          : leases.replace(lease, { signal }),
      ),
  }
}

const lostRaces: ReadonlySet<string> = new Set(['Conflict', 'AlreadyExists', 'NotFound'])

/** Somebody wrote, made or deleted the Lease since it was read: nothing is wrong, it must be looked at again. */
export function isLostRace(error: unknown): boolean {
  return error instanceof KubeError && lostRaces.has(error.reason)
}
