/**
 * The work queue: keys only, each at most once, never two workers on one key. What is added while it is worked on
 * waits until that is done. Changes by people go before routine, and failures come back later and later.
 */

import type { Clock } from './clock.ts'

/** `high`: something changed. `low`: the first list after a start, and routine looks. */
export type Priority = 'high' | 'low'

export interface QueueObserver {
  added(): void
  retried(): void
  /** A key was taken after waiting this long. */
  waited(seconds: number): void
  depth(priority: Priority, keys: number): void
}

export interface QueueOptions {
  readonly clock: Clock
  readonly random?: () => number
  readonly observer?: QueueObserver
}

/** client-go's overall limit for retries: so many a second, so many at once. */
const retriesPerSecond = 10
const retryBurst = 100
const firstRetryMs = 200
const lastRetryMs = 300_000

export class WorkQueue implements Disposable {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #observer: QueueObserver | undefined
  /** Key -> since when it waits, in milliseconds; a Map keeps the order of insertion. */
  readonly #waiting = { high: new Map<string, number>(), low: new Map<string, number>() }
  /** Key -> as what it was taken, and when. */
  readonly #working = new Map<string, { readonly priority: Priority; readonly sinceMs: number }>()
  /** Added while worked on. */
  readonly #again = new Map<string, Priority>()
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: Disposable }>()
  readonly #failures = new Map<string, number>()
  readonly #takers: ((key: string) => void)[] = []
  #tokens = retryBurst
  #refilledMs: number

  constructor(options: QueueOptions) {
    this.#clock = options.clock
    this.#random = options.random ?? Math.random
    this.#observer = options.observer
    this.#refilledMs = options.clock.now()
  }

  /** Puts the key into the queue; if it waits already, only its priority can rise. */
  add(key: string, priority: Priority): void {
    this.#cancelDelay(key)
    if (this.#working.has(key)) {
      if (this.#again.get(key) !== 'high') this.#again.set(key, priority)
      return
    }
    if (this.#waiting.high.has(key)) return
    const since = this.#waiting.low.get(key)
    if (since !== undefined) {
      if (priority === 'low') return
      this.#waiting.low.delete(key)
    } else {
      this.#observer?.added()
    }
    this.#waiting[priority].set(key, since ?? this.#clock.now())
    this.#handOut()
  }

  /** Adds the key after a delay, with low priority; of several delays the shortest holds, and `add` ends them. */
  addAfter(key: string, delayMs: number): void {
    this.#schedule(key, delayMs, 'low')
  }

  /**
   * Adds the key, as urgent as it was taken, after a delay that doubles with each call until `forget`, that all retries
   * share a limit on, and that is no shorter than `leastMs`.
   */
  addRateLimited(key: string, leastMs = 0): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.#observer?.retried()
    const exponential = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 30))
    const jittered = exponential * (0.9 + 0.2 * this.#random())
    const priority = this.#working.get(key)?.priority ?? 'low'
    this.#schedule(key, Math.max(jittered, this.#retryTokenMs(), leastMs), priority)
  }

  /** The key succeeded: its next failure waits as briefly as the first. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** The next key to work on; undefined when the signal aborts. `done` must follow. */
  take(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(undefined)
      const taker = (key: string) => {
        signal.removeEventListener('abort', giveUp)
        resolve(key)
      }
      const giveUp = () => {
        this.#takers.splice(this.#takers.indexOf(taker), 1)
        resolve(undefined)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#takers.push(taker)
      this.#handOut()
    })
  }

  /** The worker is finished with the key; if it was added meanwhile, it waits again. */
  done(key: string): void {
    this.#working.delete(key)
    const priority = this.#again.get(key)
    if (priority === undefined) return
    this.#again.delete(key)
    this.add(key, priority)
  }

  /** Keys that wait to be worked on now. */
  get depth(): number {
    return this.#waiting.high.size + this.#waiting.low.size
  }

  /** For how long each key in work has been worked on, in seconds. */
  get workingSeconds(): readonly number[] {
    return [...this.#working.values()].map(({ sinceMs }) => (this.#clock.now() - sinceMs) / 1000)
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]()
    this.#delayed.clear()
    this.#observer?.depth('high', 0)
    this.#observer?.depth('low', 0)
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const priority = this.#waiting.high.size > 0 ? 'high' : 'low'
      const next = this.#waiting[priority].entries().next().value
      if (next === undefined) break
      const [key, sinceMs] = next
      this.#waiting[priority].delete(key)
      const nowMs = this.#clock.now()
      this.#working.set(key, { priority, sinceMs: nowMs })
      this.#observer?.waited((nowMs - sinceMs) / 1000)
      this.#takers.shift()?.(key)
    }
    this.#observer?.depth('high', this.#waiting.high.size)
    this.#observer?.depth('low', this.#waiting.low.size)
  }

  #schedule(key: string, delayMs: number, priority: Priority): void {
    const dueMs = this.#clock.now() + Math.max(delayMs, 0)
    const earlier = this.#delayed.get(key)
    if (earlier !== undefined && earlier.dueMs <= dueMs) return
    earlier?.timer[Symbol.dispose]()
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key, priority)
    })
    this.#delayed.set(key, { dueMs, timer })
  }

  /** Whoever works on the key now says anew when to look again. */
  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer[Symbol.dispose]()
    this.#delayed.delete(key)
  }

  /** Token bucket: 0 while there are tokens, else how long until this one is there. */
  #retryTokenMs(): number {
    const now = this.#clock.now()
    const refill = ((now - this.#refilledMs) / 1000) * retriesPerSecond
    this.#tokens = Math.min(retryBurst, this.#tokens + refill) - 1
    this.#refilledMs = now
    return this.#tokens >= 0 ? 0 : (-this.#tokens / retriesPerSecond) * 1000
  }
}
