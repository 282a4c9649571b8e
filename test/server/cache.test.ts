import { describe, expect, test } from 'vitest'

import { createCache } from '#server/cache.ts'

const counting = () => {
  let loads = 0
  return {
    load: async () => {
      loads += 1
      return loads
    },
    loads: () => loads,
  }
}

describe('the cache of what Postgres said', () => {
  test('an answer is asked for once while it is fresh, and again when it is too old', async () => {
    let now = 0
    const cache = createCache<number>({ maxEntries: 10, maxAgeMs: 100, now: () => now })
    const { load } = counting()
    expect(await cache.get('a', load)).toBe(1)
    now = 99
    expect(await cache.get('a', load)).toBe(1)
    now = 100
    expect(await cache.get('a', load)).toBe(2)
  })

  test('callers that ask at the same time share one question', async () => {
    const cache = createCache<number>({ maxEntries: 10, maxAgeMs: 100 })
    const { load, loads } = counting()
    await Promise.all([cache.get('a', load), cache.get('a', load), cache.get('a', load)])
    expect(loads()).toBe(1)
  })

  test('a failed question is asked again by the next caller', async () => {
    const cache = createCache<number>({ maxEntries: 10, maxAgeMs: 100 })
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(await cache.get('a', async () => 7)).toBe(7)
  })

  test('an answer that was being read during a flush is not remembered, since it may be from before the change', async () => {
    const cache = createCache<string>({ maxEntries: 10, maxAgeMs: 100 })
    const { promise, resolve } = Promise.withResolvers<string>()
    const early = cache.get('a', () => promise)
    cache.flush()
    resolve('before')
    expect(await early).toBe('before')
    expect(await cache.get('a', async () => 'after')).toBe('after')
  })

  test('a full cache forgets what was not used for longest', async () => {
    const cache = createCache<string>({ maxEntries: 2, maxAgeMs: 100 })
    await cache.get('a', async () => 'a')
    await cache.get('b', async () => 'b')
    await cache.get('a', async () => 'never asked')
    await cache.get('c', async () => 'c')
    expect(await cache.get('a', async () => 'asked again')).toBe('a')
    expect(await cache.get('b', async () => 'asked again')).toBe('asked again')
  })
})
