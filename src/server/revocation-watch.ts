/** Polls the one counter that moves whenever a tenant, a host or a token changes, and says so: caches are flushed. */

import type { Directory } from '#directory/database.ts'
import { revocationCounter } from '#directory/tenants.ts'
import { sleep } from '#platform/retry.ts'

export interface RevocationWatchOptions {
  readonly directory: Directory
  readonly onChange: () => void
  /** A poll that failed; the caches then live for as long as their entries may. */
  readonly onError: (error: unknown) => void
  readonly everyMs?: number
}

/** Polls until disposed. It works behind any pooler, where a LISTEN would hear nothing. */
export const watchRevocations = (options: RevocationWatchOptions): AsyncDisposable => {
  const stop = new AbortController()
  const watch = async (): Promise<void> => {
    let seen: string | undefined
    while (!stop.signal.aborted) {
      try {
        const counter = await revocationCounter(options.directory)
        if (counter !== seen) options.onChange()
        seen = counter
      } catch (error) {
        options.onError(error)
      }
      await sleep(options.everyMs ?? 1000, stop.signal)
    }
  }
  const watching = watch().catch((error: unknown) => {
    if (!stop.signal.aborted) options.onError(error)
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watching
    },
  }
}
