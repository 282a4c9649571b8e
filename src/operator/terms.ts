/** Terms of leadership, one after another: campaign, migrate, work, until the Lease is lost or the process stops. */
import { StaleEpochError } from '#directory/owner.ts'
import { migrate } from '#directory/migrate.ts'
import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { aborted, disposeWithin } from '#platform/lifecycle.ts'
import { retry } from '#platform/retry.ts'

import { campaign } from './lease-elector.ts'
import { LostLeadershipError } from './leadership.ts'
import { startOperator } from './operator.ts'

import type { ElectionOptions, Leadership } from './leadership.ts'
import type { OperatorOptions } from './operator.ts'

export interface TermsOptions {
  readonly election: ElectionOptions
  readonly operator: Omit<OperatorOptions, 'signal'>
  /** URL of the schema's owner, who migrates. */
  readonly ownerUrl: string
  /** Ends the term in order: reconciles in flight end, then the Lease is given back. */
  readonly signal: AbortSignal
  /** At the begin of each term. */
  readonly onWon: (leadership: Leadership) => void
}

/** Another process leads, by the Lease or by the epoch of the database: this one must be gone. */
export class TakenOverError extends Error {
  constructor(cause: unknown) {
    super('another operator leads', { cause })
    this.name = 'TakenOverError'
  }
}

/** Reconciles in flight have 25 s, giving the Lease back has what two calls may take. */
const termEndLimitMs = 36_000
const retryMs = { baseMs: 1_000, maxMs: 5_000 }

/**
 * Runs until the signal aborts. How a term ends otherwise depends on who may lead next:
 *
 * - The Lease is another's or may be, or the epoch is (LostLeadershipError `Taken`, StaleEpochError): throws
 *   TakenOverError and waits for nothing. The process has to exit at once, so that nothing of it meets what its successor
 *   does.
 * - The Lease could not be renewed (`NotRenewed`): the API server is away, for everybody. Everything is cut off before
 *   another could lead, and this process stands for election again. An outage of the API server thus restarts no pod,
 *   and when it is over the caches are warm.
 *
 * Postgres away when a term begins is waited for: the leader keeps the Lease, since others have the same Postgres.
 *
 * @throws TakenOverError, and what no retry mends: a database that refuses the user or lacks the roles
 */
export async function serveTerms(options: TermsOptions): Promise<never> {
  const { election, signal } = options
  for (;;) {
    const leadership = await campaign(election, signal)
    options.onWon(leadership)
    const term = new AsyncDisposableStack()
    term.use(leadership)
    const end: unknown = await serve(options, leadership, term).catch((error: unknown) => error)
    if (isTakenOver(end)) throw new TakenOverError(end)
    await disposeWithin(term, termEndLimitMs)
    if (signal.aborted || !leadership.lost.aborted) throw end
  }
}

function isTakenOver(error: unknown): boolean {
  return error instanceof StaleEpochError || (error instanceof LostLeadershipError && error.why === 'Taken')
}

/** Opens what leads onto the term's stack, and throws the reason when that is over. */
async function serve(
  { operator, ownerUrl, signal }: TermsOptions,
  leadership: Leadership,
  term: AsyncDisposableStack,
): Promise<never> {
  const over = AbortSignal.any([signal, leadership.lost])
  const withPostgres = <T>(work: () => Promise<T>): Promise<T> => {
    let isTold = false
    return retry(work, {
      ...retryMs,
      signal: over,
      isRetryable: (error) => error instanceof DatabaseUnavailableError,
      onRetry: (error) => {
        if (!isTold) operator.log.warn({ err: error }, 'Postgres is away; the leader waits for it')
        isTold = true
      },
    })
  }
  // One statement of a migration may take an hour. The lock of the database keeps whoever leads next from its own.
  await Promise.race([
    withPostgres(() => migrate(ownerUrl, { signal: over })),
    aborted(over).then(() => over.throwIfAborted()),
  ])
  const running = term.use(await withPostgres(() => startOperator({ ...operator, signal: leadership.lost })))
  operator.log.info('leading')
  const end = AbortSignal.any([over, running.lost])
  await aborted(end)
  throw end.reason
}
