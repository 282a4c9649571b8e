/** Records on which day a token was last used: once a day and token, in batches, never in a request's way. */

import type { Directory } from '#directory/database.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { recordTokenUse } from '#directory/tokens.ts'

export interface TokenUse extends AsyncDisposable {
  /** Returns at once. `now` in milliseconds since 1970. */
  note(tenantId: TenantId, tokenId: string, now: number): void
}

export interface TokenUseOptions {
  readonly directory: Directory
  readonly onError: (error: unknown) => void
  readonly everyMs?: number
}

interface Use {
  readonly tenantId: TenantId
  readonly tokenId: string
  readonly day: string
}

const dayMs = 86_400_000
/** More tokens than this a day are forgotten and recorded twice, which does no harm. */
const maxRemembered = 50_000

export const createTokenUse = (options: TokenUseOptions): TokenUse => {
  const recorded = new Map<string, number>()
  let waiting: Use[] = []

  const flush = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    for (const use of batch) {
      try {
        await recordTokenUse(options.directory, use.tenantId, use.tokenId, use.day)
      } catch (error) {
        // The next use of this token tries again.
        recorded.delete(use.tokenId)
        options.onError(error)
      }
    }
  }
  let flushing = Promise.resolve()
  const timer = setInterval(() => {
    if (waiting.length > 0) flushing = flushing.then(flush)
  }, options.everyMs ?? 2000)
  timer.unref()

  return {
    note(tenantId, tokenId, now) {
      const day = Math.floor(now / dayMs)
      if (recorded.get(tokenId) === day) return
      if (recorded.size >= maxRemembered) recorded.clear()
      recorded.set(tokenId, day)
      waiting.push({ tenantId, tokenId, day: new Date(now).toISOString().slice(0, 10) })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flushing
      await flush()
    },
  }
}
