/** What every request of one running server shares. Nothing in it belongs to a request. */

import type { Directory } from '#directory/database.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Authenticator } from './authenticate.ts'
import type { Cursors } from './cursor.ts'
import type { EvaluationSignal } from './evaluation-signal.ts'
import type { RateLimit } from './rate-limit.ts'
import type { TenantFinder } from './tenant-of-request.ts'
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
  /** Aborts when the server begins to stop: answers then close their connection. */
  readonly closing: AbortSignal
}
