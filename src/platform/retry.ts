/** Trying again: exponential backoff with jitter, bounded, obedient to Retry-After and to the signal. */
import { setTimeout as delay } from 'node:timers/promises'

export interface BackoffOptions {
  readonly baseMs?: number
  readonly maxMs?: number
  /** 0 (included) to 1 (excluded). */
  readonly random?: () => number
}

/**
 * How long to wait before attempt `attempt + 1`, in milliseconds: between half of and the whole of
 * `base * 2^attempt`, never above the maximum. Half is kept so that a retry is never immediate.
 */
export const backoff = (attempt: number, options: BackoffOptions = {}): number => {
  const { baseMs = 200, maxMs = 30_000, random = Math.random } = options
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return ceiling / 2 + (ceiling / 2) * random()
}

export interface RetryOptions extends BackoffOptions {
  readonly signal?: AbortSignal
  /** Attempts in all, the first included; without it until the signal aborts. */
  readonly attempts?: number
  /** False ends it at once: a refusal that will not change. */
  readonly isRetryable?: (error: unknown) => boolean
  /** What the other side asked for, in milliseconds; the wait is never shorter than that. */
  readonly retryAfterMs?: (error: unknown) => number | undefined
  readonly onRetry?: (error: unknown, waitMs: number) => void
}

/** Runs `work` until it succeeds; throws its last error, or the signal's reason. */
export const retry = async <T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> => {
  const { signal, attempts = Number.POSITIVE_INFINITY, isRetryable = () => true } = options
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      return await work(attempt)
    } catch (error) {
      if (attempt + 1 >= attempts || !isRetryable(error)) throw error
      const waitMs = Math.max(backoff(attempt, options), options.retryAfterMs?.(error) ?? 0)
      options.onRetry?.(error, waitMs)
      await sleep(waitMs, signal)
    }
  }
}

/** Waits; throws the signal's reason as soon as it aborts. */
export const sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  signal?.throwIfAborted()
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    // The platform's AbortError hides why; whoever aborted said it in the reason.
    signal?.throwIfAborted()
    throw error
  }
}
