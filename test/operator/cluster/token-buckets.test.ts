import { expect, test } from 'vitest'

import { tokenBuckets } from '#operator/cluster/token-buckets.ts'

test('a key has its burst, then one more per refill, and no more than the burst after a long rest', () => {
  let nowMs = 0
  const isAllowed = tokenBuckets({ burst: 3, refillMs: 1000, keys: 10, now: () => nowMs })
  const allowed = () => Array.from({ length: 5 }, () => isAllowed('a')).filter(Boolean).length
  expect(allowed()).toBe(3)
  nowMs += 999
  expect(allowed()).toBe(0)
  nowMs += 1
  expect(allowed()).toBe(1)
  nowMs += 1_000_000
  expect(allowed()).toBe(3)
})

test('keys do not share, and of too many the ones used last are remembered', () => {
  const isAllowed = tokenBuckets({ burst: 1, refillMs: 1000, keys: 2, now: () => 0 })
  expect([isAllowed('a'), isAllowed('b'), isAllowed('a'), isAllowed('b')]).toEqual([true, true, false, false])
  expect([isAllowed('c'), isAllowed('b'), isAllowed('a')]).toEqual([true, false, true])
})
