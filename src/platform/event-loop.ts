/** Whether the event loop still turns: what /livez asks, since a process that is stuck is mended by a new start only. */

export interface EventLoopOptions {
  /** A lag from which on the process counts as stuck; 5,000 unless told. */
  readonly limitMs?: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

export interface EventLoop extends Disposable {
  /** True, or the sentence for /livez. */
  live(): true | string
}

const tickMs = 500

/**
 * Measures until disposed, without keeping the process alive. A probe that came while the loop was held up is answered
 * right after, before or after the late tick: both ways it hears of the lag.
 */
export const watchEventLoop = (options: EventLoopOptions = {}): EventLoop => {
  const { limitMs = 5_000, now = () => performance.now() } = options
  let tickedMs = now()
  let lastLagMs = 0
  const overdueMs = (): number => now() - tickedMs - tickMs
  const timer = setInterval(() => {
    lastLagMs = overdueMs()
    tickedMs = now()
  }, tickMs)
  timer.unref()
  return {
    live() {
      const lagMs = Math.max(lastLagMs, overdueMs())
      return lagMs < limitMs || `the event loop was held up for ${Math.round(lagMs / 1000)} s`
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}
