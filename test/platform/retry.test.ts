import { expect, test } from 'vitest'

import { backoff, retry, sleep } from '#platform/retry.ts'

const fail = (attempt: number) => Promise.reject(new Error(`attempt ${attempt}`))
const waits = (random: () => number) =>
  [0, 1, 2, 10, 5000].map((attempt) => backoff(attempt, { baseMs: 100, maxMs: 1000, random }))

test('the wait doubles up to the maximum, and is never less than half of that', () => {
  expect(waits(() => 0)).toEqual([50, 100, 200, 500, 500])
  expect(waits(() => 1)).toEqual([100, 200, 400, 1000, 1000])
})

test('work that fails is tried again until it succeeds', async () => {
  const attempts: number[] = []
  const result = await retry(
    (attempt) => {
      attempts.push(attempt)
      return attempt < 2 ? Promise.reject(new Error('not yet')) : Promise.resolve('done')
    },
    { baseMs: 1 },
  )
  expect(result).toBe('done')
  expect(attempts).toEqual([0, 1, 2])
})

test('the last error is thrown when the attempts are used up, and at once when it will not change', async () => {
  await expect(retry(fail, { baseMs: 1, attempts: 3 })).rejects.toThrow('attempt 2')
  await expect(retry(fail, { baseMs: 1, isRetryable: () => false })).rejects.toThrow('attempt 0')
})

test('the wait is at least as long as the other side asked for', async () => {
  const waits: number[] = []
  await retry((attempt) => (attempt === 0 ? Promise.reject(new Error('busy')) : Promise.resolve()), {
    baseMs: 1,
    retryAfterMs: () => 20,
    onRetry: (_error, waitMs) => waits.push(waitMs),
  })
  expect(waits).toEqual([20])
})

test('an abort ends the wait with its own reason', async () => {
  const stop = new AbortController()
  const waiting = retry(() => Promise.reject(new Error('no')), { baseMs: 60_000, signal: stop.signal })
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  await expect(sleep(60_000, stop.signal)).rejects.toThrow('stopped')
})

// RFC 9110 10.2.3: "Retry-After = HTTP-date / delay-seconds"
