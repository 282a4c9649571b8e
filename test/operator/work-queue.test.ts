import { expect, test } from 'vitest'

import { WorkQueue } from '#operator/work-queue.ts'
import { fakeClock, settled } from '#test/kit/fake-clock.ts'

const half = () => 0.5
const never = new AbortController().signal

function aQueue() {
  const clock = fakeClock()
  return { clock, queue: new WorkQueue({ clock, random: half }) }
}

test('a key that is added many times is worked on once', async () => {
  const { queue } = aQueue()
  for (let time = 0; time < 5; time += 1) queue.add('a', 'high')
  queue.add('b', 'high')
  expect([await queue.take(never), await queue.take(never), queue.depth]).toEqual(['a', 'b', 0])
})

test('changes go before routine, and a change lifts a key out of routine', async () => {
  const { queue } = aQueue()
  queue.add('routine', 'low')
  queue.add('lifted', 'low')
  queue.add('changed', 'high')
  queue.add('lifted', 'high')
  const order = [await queue.take(never), await queue.take(never), await queue.take(never)]
  expect(order).toEqual(['changed', 'lifted', 'routine'])
})

test('a key is never worked on twice at once; added meanwhile, it comes again afterwards', async () => {
  const { queue } = aQueue()
  queue.add('a', 'high')
  await queue.take(never)
  queue.add('a', 'low')
  queue.add('a', 'high')
  const second = queue.take(never)
  expect(await Promise.race([second, settled().then(() => 'nothing')])).toBe('nothing')
  queue.done('a')
  expect(await second).toBe('a')
  queue.done('a')
  expect(queue.depth).toBe(0)
})

test('of two delays the shorter one holds, and a change in between makes both needless', async () => {
  const { clock, queue } = aQueue()
  queue.addAfter('a', 60_000)
  queue.addAfter('a', 10_000)
  await clock.advance(10_000)
  expect(queue.depth).toBe(1)
  expect(clock.timers).toBe(0)
  await queue.take(never)
  queue.done('a')
  queue.addAfter('a', 60_000)
  queue.add('a', 'high')
  expect(clock.timers).toBe(0)
})

test('failures wait 200 ms and then twice as long each time, up to five minutes, until a success', async () => {
  const { clock, queue } = aQueue()
  const waits: number[] = []
  for (let failure = 0; failure < 14; failure += 1) {
    const startedMs = clock.now()
    queue.addRateLimited('a')
    while (queue.depth === 0) await clock.advance(100)
    waits.push(clock.now() - startedMs)
    queue.done((await queue.take(never)) ?? '')
  }
  expect(waits.slice(0, 4)).toEqual([200, 400, 800, 1600])
  expect(waits.at(-1)).toBe(300_000)
  queue.forget('a')
  queue.addRateLimited('a')
  await clock.advance(200)
  expect(queue.depth).toBe(1)
})

test('a storm of failures is spread to ten a second after the first hundred', async () => {
  const { clock, queue } = aQueue()
  for (let key = 0; key < 200; key += 1) queue.addRateLimited(`key-${key}`)
  await clock.advance(200)
  expect(queue.depth).toBeGreaterThanOrEqual(100)
  expect(queue.depth).toBeLessThan(105)
  await clock.advance(5000)
  expect(queue.depth).toBeGreaterThan(140)
  expect(queue.depth).toBeLessThan(160)
})

test('a failure comes back as urgent as it was: routine that fails does not hold up changes', async () => {
  const { clock, queue } = aQueue()
  queue.add('routine', 'low')
  await queue.take(never)
  queue.addRateLimited('routine')
  queue.done('routine')
  queue.add('changed', 'high')
  await queue.take(never)
  queue.addRateLimited('changed')
  queue.done('changed')
  await clock.advance(1000)
  expect([await queue.take(never), await queue.take(never)]).toEqual(['changed', 'routine'])
})

test('a failure waits at least as long as it was told to', async () => {
  const { clock, queue } = aQueue()
  queue.addRateLimited('a', 30_000)
  await clock.advance(29_999)
  expect(queue.depth).toBe(0)
  await clock.advance(1)
  expect(queue.depth).toBe(1)
})

test('whoever waits for a key is let go when the signal aborts, and gets none later', async () => {
  const { queue } = aQueue()
  const stop = new AbortController()
  const waiting = queue.take(stop.signal)
  stop.abort()
  expect(await waiting).toBeUndefined()
  queue.add('a', 'high')
  expect(queue.depth).toBe(1)
})

test('a disposed queue leaves no timer behind', () => {
  const { clock, queue } = aQueue()
  queue.addAfter('a', 1000)
  queue.addRateLimited('b')
  queue[Symbol.dispose]()
  expect(clock.timers).toBe(0)
})
