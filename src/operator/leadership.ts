/** Leadership once it is won: renewed until it is lost or given back. */

import { pause } from './clock.ts'
import { isLostRace, leaseCalls } from './lease-calls.ts'
import { electionTiming, released, renewed, taken } from './lease-record.ts'

import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Clock } from './clock.ts'
import type { ObjectKey } from './kube.ts'
import type { Lease, Leases } from './leases.ts'

export interface ElectionOptions {
  readonly leases: Leases
  /** The Lease; it is created if it is not there. */
  readonly key: ObjectKey
  /** Of this process and no other, not even of the one that ran in this pod before. */
  readonly identity: string
  /** For durations only: nobody may set its hands, so it counts from no date (`performance.now`). */
  readonly clock: Clock
  /** For the times that people read in the Lease. It may be wrong: nobody decides by it. */
  readonly now: () => Date
  readonly metrics: Metrics
  readonly log: Logger
}

export interface Leadership extends AsyncDisposable {
  /** Aborts when this process may not lead any more; the reason is a LostLeadershipError. */
  readonly lost: AbortSignal
  /** Milliseconds since the last renewal was sent. */
  readonly renewedAgoMs: number
}

/**
 * `Taken`: the Lease is another's, or has run out, so another leads or may. `NotRenewed`: the API server took no
 * renewal within the renew deadline; nobody else can have taken the Lease yet.
 */
export class LostLeadershipError extends Error {
  readonly why: 'Taken' | 'NotRenewed'

  constructor(why: 'Taken' | 'NotRenewed', message: string) {
    super(message)
    this.name = 'LostLeadershipError'
    this.why = why
  }
}

/**
 * Keeps a Lease that was taken by a call sent at `sentMs`. The deadline counts from when a renewal was sent and others
 * count from when they saw it, which is later: this process stops before another one starts.
 *
 * Disposing stops renewing and gives the Lease back, so it comes after everything that needs leadership has ended.
 */
export function keepLease(options: ElectionOptions, lease: Lease, sentMs: number): Leadership {
  const { leases, key, identity, clock, now, metrics, log } = options
  const calls = leaseCalls(leases, key, clock)
  const label = { name: key.name }
  const lost = new AbortController()
  const stop = new AbortController()
  const over = AbortSignal.any([lost.signal, stop.signal])
  const lose = (why: LostLeadershipError['why'], message: string) => {
    metrics.leaderStatus.set(label, 0)
    log.warn({ why, reason: message }, 'leadership lost')
    lost.abort(new LostLeadershipError(why, message))
  }
  const watchdog = () =>
    clock.after(held.sentMs + electionTiming.renewDeadlineMs - clock.now(), () => {
      const agoMs = clock.now() - held.sentMs
      const message = `the Lease was not renewed for ${Math.round(agoMs / 1000)} s`
      // Later than that this process itself was asleep, and another may have begun.
      lose(agoMs < electionTiming.leaseDurationMs ? 'NotRenewed' : 'Taken', message)
    })
  let held = { lease, sentMs }
  let dog = watchdog()

  const write = async (next: Lease): Promise<void> => {
    const sentMs = clock.now()
    held = { lease: await calls.write(next, over), sentMs }
    dog[Symbol.dispose]()
    dog = watchdog()
  }
  const renew = async (): Promise<void> => {
    try {
      return await write(renewed(held.lease, now()))
    } catch (error) {
      if (!isLostRace(error)) throw error
    }
    // Somebody wrote or deleted it, or a write of ours did arrive though its answer never came back.
    metrics.leaderSlowpath.inc(label)
    const found = await calls.read(over)
    if (found !== undefined && found.holderIdentity !== identity)
      return lose('Taken', `the Lease is held by ${found.holderIdentity || 'nobody'}`)
    await write(taken(found, { key, identity, now: now() }))
  }
  const keepRenewing = async (): Promise<void> => {
    let failures = 0
    for (;;) {
      await pause(clock, electionTiming.retryPeriodMs, over)
      if (over.aborted) return
      try {
        await renew()
        if (failures > 0) log.info({ failures }, 'lease renewed again')
        failures = 0
      } catch (error) {
        if (over.aborted) return
        failures += 1
        if (failures === 1) log.warn({ err: error }, 'lease not renewed; trying again')
      }
    }
  }

  const giveBack = async (): Promise<void> => {
    const { signal } = new AbortController()
    try {
      await calls.write(released(held.lease, now()), signal)
    } catch (error) {
      if (!isLostRace(error)) throw error
      const found = await calls.read(signal)
      if (found?.holderIdentity === identity) await calls.write(released(found, now()), signal)
    }
  }

  metrics.leaderStatus.set(label, 1)
  const renewing = keepRenewing()
  return {
    lost: lost.signal,
    get renewedAgoMs() {
      return clock.now() - held.sentMs
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await renewing
      dog[Symbol.dispose]()
      if (lost.signal.aborted) return
      metrics.leaderStatus.set(label, 0)
      try {
        await giveBack()
      } catch (error) {
        log.warn({ err: error }, 'lease not given back: others wait until it runs out')
      }
    },
  }
}

/** For /livez: who lost the Lease stands for it again, but one that neither renews nor has lost it is stuck. */
export function isRenewing({ lost, renewedAgoMs }: Leadership): true | string {
  return (
    lost.aborted ||
    renewedAgoMs < electionTiming.leaseDurationMs ||
    `the Lease was not renewed for ${Math.round(renewedAgoMs / 1000)} s`
  )
}
