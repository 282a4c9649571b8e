/** What is written into the Lease, and how long what stands in it holds. Pure; the rules are client-go's. */

import type { Lease } from './leases.ts'

/**
 * client-go's defaults: others wait 15 s after they last saw the Lease change, a leader that could not renew it for
 * 10 s leads no more, and it tries every 2 s. Candidates look each second, so that a Lease that was given back is
 * taken within one, and one that ran out at the moment it does: 16 s after the last renewal at the latest.
 */
export const electionTiming = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
  lookPeriodMs: 1_000,
  /** Of one call: a connection that is dead must leave time for another try. */
  callLimitMs: 5_000,
} as const

/** The Lease as a new leader writes it, over what it found. */
export function taken(
  found: Lease | undefined,
  { key, identity, now }: { readonly key: Pick<Lease, 'namespace' | 'name'>; identity: string; now: Date },
): Lease {
  // Its own record, after it could not renew for a while: it goes on with it.
  if (found?.holderIdentity === identity) return renewed(found, now)
  return {
    ...(found ?? key),
    holderIdentity: identity,
    leaseDurationSeconds: electionTiming.leaseDurationMs / 1000,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: found === undefined ? 0 : found.leaseTransitions + 1,
  }
}

export function renewed(lease: Lease, now: Date): Lease {
  return {
    ...lease,
    leaseDurationSeconds: electionTiming.leaseDurationMs / 1000,
    renewTime: microTime(now),
  }
}

/** Given back: free at once for whoever knows that nobody holds it, after a second for everybody else. */
export function released(lease: Lease, now: Date): Lease {
  return {
    ...lease,
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTime(now),
    renewTime: microTime(now),
  }
}

/** A Lease and when this process first saw it say so, on its own clock. */
export interface Sighting {
  readonly lease: Lease
  readonly atMs: number
}

/**
 * Keeps the time of the first sighting until the record changes. Its own times are never read: they are of another
 * machine's clock, which may be minutes away from ours.
 */
export function sighted(before: Sighting | undefined, lease: Lease, nowMs: number): Sighting {
  return { lease, atMs: before !== undefined && isSameRecord(before.lease, lease) ? before.atMs : nowMs }
}

/** From when on `identity` may take it, on the clock of the sighting. */
export function freeAtMs({ lease, atMs }: Sighting, identity: string): number {
  const isOpen = lease.holderIdentity === '' || lease.holderIdentity === identity
  return isOpen ? atMs : atMs + lease.leaseDurationSeconds * 1000
}

/** Labels and annotations say nothing of the holder, so the resourceVersion alone is no sign of life. */
function isSameRecord(a: Lease, b: Lease): boolean {
  return (
    a.holderIdentity === b.holderIdentity &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.leaseDurationSeconds === b.leaseDurationSeconds &&
    a.leaseTransitions === b.leaseTransitions
  )
}

/** RFC 3339 with six digits (Kubernetes' MicroTime), which the API server demands. */
function microTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z')
}
