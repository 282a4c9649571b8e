/** The life of a process: signals become an AbortSignal, and what was opened is closed in reverse, within a limit. */
import { setTimeout as delay } from 'node:timers/promises'

import type { Logger } from './log.ts'

export interface StopSignal extends Disposable {
  /** Aborts at the first SIGINT or SIGTERM; the reason is a `Stopped`. */
  readonly signal: AbortSignal
}

/** Why a process stops: someone asked it to. */
export class Stopped extends Error {
  constructor(signalName: string) {
    super(`stopped by ${signalName}`)
    this.name = 'Stopped'
  }
}

/** Exit code of a process that was told twice to stop, as a shell reports SIGINT. */
const impatientExitCode = 130

/**
 * At a terminal one Ctrl-C arrives twice: from the terminal, which tells all processes of the group, and from npm, which
 * tells its child once more. A person who means it a second time takes longer.
 */
const echoMs = 1_000

/** Listens until disposed. The first signal asks; a second one, of an impatient person, ends the process. */
export const untilSignal = (log: Logger): StopSignal => {
  const controller = new AbortController()
  let askedMs = 0
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (performance.now() - askedMs > echoMs) process.exit(impatientExitCode)
      return
    }
    askedMs = performance.now()
    log.info({ signal: name }, 'stopping')
    controller.abort(new Stopped(name))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

/** Resolves when the signal aborts; at once if it has. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Unwinds the stack; throws if that takes longer than the limit, since a process that never ends helps nobody. */
export const disposeWithin = async (stack: AsyncDisposableStack, limitMs: number): Promise<void> => {
  const timer = new AbortController()
  const tooLate = async (): Promise<never> => {
    await delay(limitMs, undefined, { signal: timer.signal })
    throw new Error(`stopping took longer than ${limitMs / 1000} s`)
  }
  const late = tooLate()
  try {
    await Promise.race([stack.disposeAsync(), late])
  } finally {
    timer.abort()
    // The race is over: the timer's own end is no news.
    late.catch(() => undefined)
  }
}
