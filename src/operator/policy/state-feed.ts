/** Tells which policies the worker has news of, by one cheap question for all policies every two seconds. */

import { policyStates } from '#directory/policies.ts'
import { pause } from '#operator/clock.ts'
import { backoff } from '#platform/retry.ts'

import type { Directory } from '#directory/database.ts'
import type { Clock } from '#operator/clock.ts'
import type { Logger } from '#platform/log.ts'

export interface StateFeedOptions {
  readonly directory: Directory
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** A policy (by its uid) whose state is not what it was. */
  readonly onChange: (policyId: string) => void
}

const everyMs = 2000

/** Runs until the signal aborts; an outage of Postgres only makes it ask less often. */
export async function followPolicyStates(options: StateFeedOptions): Promise<void> {
  const { directory, clock, log, signal, onChange } = options
  /** The same state comes again as long as an older transaction runs. */
  let seen: ReadonlyMap<string, number> = new Map()
  let since: string | undefined
  let failures = 0
  while (!signal.aborted) {
    try {
      const { states, next } = await policyStates(directory, since)
      for (const { policyId, updated } of states)
        if (seen.get(policyId) !== updated.getTime()) onChange(policyId)
      // What is not among them now comes again only when it is written again; deleted policies never do.
      seen = new Map(states.map(({ policyId, updated }) => [policyId, updated.getTime()]))
      since = next
      failures = 0
    } catch (error) {
      failures += 1
      if (failures === 1) log.warn({ err: error }, 'policy states not read')
    }
    await pause(clock, failures === 0 ? everyMs : everyMs + backoff(failures, { maxMs: 30_000 }), signal)
  }
}
