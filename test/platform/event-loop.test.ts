import { expect, test } from 'vitest'

import { watchEventLoop } from '#platform/event-loop.ts'

test('an event loop that turns is alive, one that was held up for five seconds is not', () => {
  const clock = { nowMs: 1_000 }
  using loop = watchEventLoop({ now: () => clock.nowMs })
  expect(loop.live()).toBe(true)
  clock.nowMs += 5_400
  expect(loop.live()).toBe(true)
  clock.nowMs += 100
  expect(loop.live()).toBe('the event loop was held up for 5 s')
})

test('what held the event loop up is forgotten once it turns again', async () => {
  const clock = { nowMs: 1_000 }
  using loop = watchEventLoop({ now: () => clock.nowMs })
  clock.nowMs += 60_000
  expect(loop.live()).toBe('the event loop was held up for 60 s')
  // The tick that was late, and the one after it.
  await expect.poll(() => loop.live(), { timeout: 20_000 }).toBe(true)
})
