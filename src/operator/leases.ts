/**
 * The port to the Lease of leader election (coordination.k8s.io/v1). It has no policy: who may hold it when is the
 * elector's to decide.
 */

import type { CallOptions, ObjectKey } from './kube.ts'

export interface Lease extends ObjectKey {
  /** As read; undefined for one that is to be created. */
  readonly resourceVersion?: string
  /** Empty: nobody holds it. */
  readonly holderIdentity: string
  /** How long others wait after they last saw it change. */
  readonly leaseDurationSeconds: number
  /** RFC 3339 with microseconds (`2026-11-22T10:00:00.000000Z`), as the API demands; '' where a foreign writer left it out. */
  readonly acquireTime: string
  readonly renewTime: string
  /** How often the holder was another one than before; begins anew when the Lease is deleted. */
  readonly leaseTransitions: number
}

/** Every call ends by its signal; an API server that is away is KubeError `Unavailable`. */
export interface Leases {
  read(key: ObjectKey, options?: CallOptions): Promise<Lease | undefined>
  /** KubeError `AlreadyExists` (409): somebody was faster. */
  create(lease: Lease, options?: CallOptions): Promise<Lease>
  /**
   * Under the lease's resourceVersion; KubeError `Conflict` (409), or `NotFound` (404) if it was deleted: somebody was
   * faster. An API server makes a deleted one anew instead, of which the second to try learns by `Conflict`.
   */
  replace(lease: Lease, options?: CallOptions): Promise<Lease>
}
