/** What /readyz says of a process that waits for others before it starts to work. */
import { sleep } from './retry.ts'

import type { Logger } from './log.ts'

export interface Readiness {
  /** For /readyz: true, or the sentence that says what is missing. */
  readonly verdict: () => true | string
  /**
   * Asks every second until `ask` resolves, and gives its answer. Why it rejected is meanwhile what /readyz says; the
   * log says it once for each reason. Throws the signal's reason.
   */
  until<T>(what: string, ask: () => Promise<T>): Promise<T>
  /** Everything is there. It stays ready until it stops: answers that say what fails beat no answers at all. */
  declare(): void
}

const askAgainMs = 1_000

export const createReadiness = (log: Logger, signal: AbortSignal): Readiness => {
  let verdict: true | string = 'starting'
  return {
    verdict: () => (signal.aborted ? 'stopping' : verdict),
    async until(what, ask) {
      for (;;) {
        signal.throwIfAborted()
        try {
          return await ask()
        } catch (error) {
          const reason = `waiting for ${what}: ${error instanceof Error ? error.message : String(error)}`
          if (verdict !== reason && !signal.aborted) log.warn({ err: error }, reason)
          verdict = reason
        }
        await sleep(askAgainMs, signal)
      }
    },
    declare() {
      verdict = true
    },
  }
}
