/** Postgres being away: told once when it goes and once when it is back, however many parts of a process notice. */

import type { Logger } from '#platform/log.ts'
import { retry, sleep } from '#platform/retry.ts'
import { withClient } from './client.ts'
import type { Directory } from './database.ts'
import { DatabaseUnavailableError, entityError } from './unavailable.ts'

export interface Outage extends AsyncDisposable {
  /** True from the first failure until Postgres has answered again, and nothing more of it has failed for a second. */
  readonly isOn: () => boolean
  /** Logs what failed as a warning; for debugging only, where the reason is that Postgres is away. */
  tell(error: unknown, message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** What failed while Postgres was away may be told a moment after it has answered somebody else. */
const settleMs = 1_000

/** Watches until disposed. From the first failure on it asks by itself until Postgres answers. */
export function watchOutage(directory: Directory, log: Logger): Outage {
  const stop = new AbortController()
  let watching: Promise<void> | undefined
  let failures = 0
  const untilBack = async (): Promise<void> => {
    try {
      let before: number
      do {
        before = failures
        await retry(() => withClient(directory, (query) => query('select 1')), {
          signal: stop.signal,
          baseMs: 500,
          maxMs: 2_000,
        })
        await sleep(settleMs, stop.signal)
      } while (failures > before)
      log.info('Postgres is back')
    } catch (error) {
      if (!stop.signal.aborted) throw error
    } finally {
      watching = undefined
    }
  }
  return {
    isOn: () => watching !== undefined,
    tell(error, message, fields = {}) {
      if (!(entityError(error) instanceof DatabaseUnavailableError)) {
        log.warn({ ...fields, err: error }, message)
        return
      }
      log.debug({ ...fields, err: error }, message)
      failures += 1
      if (watching !== undefined || stop.signal.aborted) return
      log.warn({ err: error }, 'Postgres is away')
      watching = untilBack()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watching
    },
  }
}
