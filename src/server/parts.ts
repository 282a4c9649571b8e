/** What every request of one running server shares. Nothing in it belongs to a request. */

import type { Directory } from '#directory/database.ts'
import { watchOutage } from '#directory/outage.ts'
import type { Keyring } from '#directory/token.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import { createAuthenticator } from './authenticate.ts'
import type { Authenticator } from './authenticate.ts'
import { createCursors } from './cursor.ts'
import type { Cursors } from './cursor.ts'
import { createEvaluationSignal } from './evaluation-signal.ts'
import type { EvaluationSignal } from './evaluation-signal.ts'
import { createRateLimit } from './rate-limit.ts'
import type { RateLimit } from './rate-limit.ts'
import { watchRevocations } from './revocation-watch.ts'
import { createTenantFinder } from './tenant-of-request.ts'
import type { TenantFinder } from './tenant-of-request.ts'
import { createTokenUse } from './token-use.ts'
import type { TokenUse } from './token-use.ts'

export interface ServerParts {
  readonly directory: Directory
  readonly tenants: TenantFinder
  readonly authenticator: Authenticator
  readonly cursors: Cursors
  readonly rateLimit: RateLimit
  readonly tokenUse: TokenUse
  readonly evaluation: EvaluationSignal
  readonly metrics: Metrics
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Aborts when the server is about to stop: answers then close their connection. */
  readonly closing: AbortSignal
}

export interface PartsOptions extends Pick<ServerParts, 'directory' | 'metrics' | 'log' | 'now' | 'closing'> {
  readonly keyring: Keyring
  readonly pathRouting: boolean
  readonly pathOrigin: () => string
}

/** Nothing that was revoked is believed for longer than this, even while the revocation counter cannot be read. */
const maxAgeMs = 30_000

/** Opens the parts; those that work on their own are closed with the stack. */
export const openParts = (options: PartsOptions, stack: AsyncDisposableStack): ServerParts => {
  const { directory, keyring, metrics, log, now, closing } = options
  const tenants = createTenantFinder({ ...options, cache: { maxEntries: 20_000, maxAgeMs } })
  const authenticator = createAuthenticator({
    directory,
    keyring,
    now,
    cache: { maxEntries: 50_000, maxAgeMs },
  })
  const outage = stack.use(watchOutage(directory, log))
  const evaluation = stack.use(
    createEvaluationSignal(directory, (error, tenant) => {
      outage.tell(error, 'evaluation not signalled', { tenant })
    }),
  )
  const tokenUse = stack.use(
    createTokenUse({ directory, onError: (error) => outage.tell(error, 'token use not recorded') }),
  )
  stack.use(
    watchRevocations({
      directory,
      onChange() {
        tenants.flush()
        authenticator.flush()
      },
      onError: (error) => outage.tell(error, 'revocations not read'),
    }),
  )
  return {
    directory,
    tenants,
    authenticator,
    cursors: createCursors(keyring),
    rateLimit: createRateLimit(),
    tokenUse,
    evaluation,
    metrics,
    log,
    now,
    closing,
  }
}
