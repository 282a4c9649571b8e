/** Asks every five seconds whether this operator still leads by the epoch: one that has nothing to write would not notice. */
import { assertEpoch } from '#directory/owner.ts'

import { pause } from './clock.ts'

import type { Owner } from '#directory/owner.ts'

import type { Clock } from './clock.ts'

export interface EpochWatchOptions {
  readonly owner: Owner
  readonly clock: Clock
  readonly signal: AbortSignal
  /** A StaleEpochError, or what Postgres says when it cannot be asked; others tell of that. */
  readonly onError: (error: unknown) => void
}

const everyMs = 5_000

/** Runs until the signal aborts. */
export async function watchEpoch({ owner, clock, signal, onError }: EpochWatchOptions): Promise<void> {
  while (!signal.aborted) {
    await pause(clock, everyMs, signal)
    if (!signal.aborted) await assertEpoch(owner).catch(onError)
  }
}
