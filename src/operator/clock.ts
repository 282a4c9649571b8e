/** Time as an argument: what runs by the clock takes one of these, so that tests turn the hands themselves. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after `ms`, unless disposed before. */
  after(ms: number, run: () => void): Disposable
}

/** setTimeout turns a longer delay into 1 ms. */
const longestTimerMs = 2 ** 31 - 1

/** The clock of the machine; `now` may be shifted, the timers are real. */
export function systemClock(now: () => number = Date.now): Clock {
  return {
    now,
    after(ms, run) {
      const timer = setTimeout(run, Math.min(Math.max(ms, 0), longestTimerMs))
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
}

/** Resolves after `ms`, or at once when the signal aborts; which of the two, the signal tells. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', wake)
      resolve()
    })
    const wake = () => {
      timer[Symbol.dispose]()
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
  })
}

/** A signal that aborts after `ms`, or with its parent; disposing ends the waiting. */
export function deadline(
  clock: Clock,
  ms: number,
  parent: AbortSignal,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const timer = clock.after(ms, () =>
    controller.abort(new DOMException(`not within ${ms} ms`, 'TimeoutError')),
  )
  return {
    signal: AbortSignal.any([parent, controller.signal]),
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  }
}
