/** Leases in memory under resourceVersions, as the API server keeps them, and connections to them that can fail. */

import { KubeError } from '#operator/kube.ts'

import type { Lease, Leases } from '#operator/leases.ts'

export interface LeaseServer {
  /** The one Lease as it stands; set it to edit by hand, or delete it. */
  lease: Lease | undefined
  /** A connection of its own. */
  connect(): LeaseConnection
}

export interface LeaseConnection extends Leases {
  /** `away`: refused. `frozen`: no answer until the caller gives up. `mute`: writes arrive, answers do not come back. */
  state: 'well' | 'away' | 'frozen' | 'mute'
}

export function leaseServer(): LeaseServer {
  let version = 0
  let lease: Lease | undefined
  const store = (next: Lease): Lease => {
    version += 1
    lease = { ...next, resourceVersion: String(version) }
    return lease
  }
  const connect = (): LeaseConnection => {
    const answer = async <T>(signal: AbortSignal | undefined, work: () => T): Promise<T> => {
      signal?.throwIfAborted()
      const { state } = connection
      if (state === 'away') throw new KubeError(503, 'Unavailable', 'connect ECONNREFUSED')
      if (state === 'well') return work()
      if (state === 'mute') work()
      return await new Promise<never>((_resolve, reject) => {
        const giveUp = () => reject(new KubeError(504, 'Unavailable', 'no answer'))
        signal?.addEventListener('abort', giveUp, { once: true })
      })
    }
    const connection: LeaseConnection = {
      state: 'well',
      read: (_key, options) => answer(options?.signal, () => lease),
      create: (next, options) =>
        answer(options?.signal, () => {
          if (lease !== undefined) throw new KubeError(409, 'AlreadyExists', 'exists')
          return store(next)
        }),
      replace: (next, options) =>
        answer(options?.signal, () => {
          if (lease === undefined) throw new KubeError(404, 'NotFound', 'deleted')
          if (lease.resourceVersion !== next.resourceVersion) throw new KubeError(409, 'Conflict', 'changed')
          return store(next)
        }),
    }
    return connection
  }
  return {
    get lease() {
      return lease
    },
    set lease(next) {
      if (next === undefined) lease = undefined
      else store(next)
    },
    connect,
  }
}
