/** A clock whose hands the test turns; timers go off in their order, each at its own time. */

import type { Clock } from '#operator/clock.ts'

export interface FakeClock extends Clock {
  /** Moves on and lets everything that is due happen, promises included. */
  advance(ms: number): Promise<void>
  /** Moves on while the process is held up: what was due happens late, at the next `advance`. */
  sleep(ms: number): void
  readonly timers: number
}

export function fakeClock(startMs = Date.parse('2026-11-22T10:00:00Z')): FakeClock {
  let nowMs = startMs
  let timers: { readonly dueMs: number; readonly run: () => void }[] = []
  return {
    now: () => nowMs,
    after(ms, run) {
      const timer = { dueMs: nowMs + ms, run }
      timers.push(timer)
      return { [Symbol.dispose]: () => void (timers = timers.filter((other) => other !== timer)) }
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      await settled()
      for (;;) {
        const [next] = timers.filter(({ dueMs }) => dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs)
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        nowMs = Math.max(nowMs, next.dueMs)
        next.run()
        await settled()
      }
      nowMs = untilMs
    },
    sleep(ms) {
      nowMs += ms
    },
    get timers() {
      return timers.length
    },
  }
}

/** Lets promises that are ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
