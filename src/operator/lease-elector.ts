/**
 * Leader election by a Lease, by the rules of client-go: one of several processes leads, the others wait. Whether the
 * holder is alive is told by changes of the record that this process saw itself, never by the times written in it.
 */

import { pause } from './clock.ts'
import { keepLease } from './leadership.ts'
import { isLostRace, leaseCalls } from './lease-calls.ts'
import { electionTiming, freeAtMs, sighted, taken } from './lease-record.ts'

import type { ElectionOptions, Leadership } from './leadership.ts'
import type { Sighting } from './lease-record.ts'

/** Resolves when the Lease is won, however long that takes; throws `signal.reason` when that aborts before. */
export async function campaign(options: ElectionOptions, signal: AbortSignal): Promise<Leadership> {
  const { leases, key, identity, clock, now, metrics, log } = options
  const calls = leaseCalls(leases, key, clock)
  metrics.leaderStatus.set({ name: key.name }, 0)
  let seen: Sighting | undefined
  let failures = 0
  for (;;) {
    signal.throwIfAborted()
    let waitMs: number = electionTiming.lookPeriodMs
    try {
      const found = await calls.read(signal)
      if (found !== undefined && found.holderIdentity !== seen?.lease.holderIdentity)
        log.info({ holder: found.holderIdentity }, 'holder of the lease')
      seen = found === undefined ? undefined : sighted(seen, found, clock.now())
      const leftMs = seen === undefined ? 0 : freeAtMs(seen, identity) - clock.now()
      if (leftMs <= 0) {
        const sentMs = clock.now()
        const lease = await calls.write(taken(found, { key, identity, now: now() }), signal)
        log.info({ identity, transitions: lease.leaseTransitions }, 'lease won')
        return keepLease(options, lease, sentMs)
      }
      waitMs = Math.min(waitMs, leftMs)
      if (failures > 0) log.info({ failures }, 'lease can be read again')
      failures = 0
    } catch (error) {
      signal.throwIfAborted()
      if (!isLostRace(error)) {
        failures += 1
        waitMs = electionTiming.retryPeriodMs
        if (failures === 1) log.warn({ err: error }, 'lease not read or written; trying again')
      }
    }
    await pause(clock, waitMs, signal)
  }
}
