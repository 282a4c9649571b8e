/** A token bucket per key, of which only the keys last used are remembered (client-go, `EventSourceObjectSpamFilter`). */

export interface BucketOptions {
  /** How many at once, after a rest. */
  readonly burst: number
  /** How long one token takes to come back. */
  readonly refillMs: number
  /** How many keys are remembered; a forgotten one begins with a full bucket. */
  readonly keys: number
  /** Milliseconds. */
  readonly now: () => number
}

interface Bucket {
  readonly tokens: number
  readonly filledMs: number
}

/** Returns a function that takes a token of the key, if there is one. */
export function tokenBuckets({ burst, refillMs, keys, now }: BucketOptions): (key: string) => boolean {
  const buckets = new Map<string, Bucket>()
  return (key) => {
    const nowMs = now()
    const bucket = buckets.get(key) ?? { tokens: burst, filledMs: nowMs }
    const tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.filledMs) / refillMs)
    const isAllowed = tokens >= 1
    // Deleted first, so that the key becomes the last one of the map.
    buckets.delete(key)
    buckets.set(key, { tokens: isAllowed ? tokens - 1 : tokens, filledMs: nowMs })
    const [oldest] = buckets.keys()
    if (buckets.size > keys && oldest !== undefined) buckets.delete(oldest)
    return isAllowed
  }
}
