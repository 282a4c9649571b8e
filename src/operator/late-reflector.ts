/**
 * The cache of a kind that a cluster may not serve, Gateway API above all: empty and in sync as long as it is not
 * there, a reflector like any other from when it is installed.
 */

import { pause } from './clock.ts'

import type { Clock } from './clock.ts'
import type { Change, Reflector } from './reflector.ts'

export interface LateReflectorOptions {
  /** Whether the API serves the kind now; it may throw, and is asked again. */
  readonly isServed: (signal: AbortSignal) => Promise<boolean>
  readonly start: () => Reflector
  readonly clock: Clock
  readonly signal: AbortSignal
}

const askAgainMs = 30_000
const afterFailureMs = 2_000

/** Begins to ask at once; stops when the signal aborts or it is disposed. */
export function startLateReflector(options: LateReflectorOptions): Reflector {
  const { clock } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const listeners = new Set<(change: Change) => void>()
  const { promise: synced, resolve: setSynced } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => setSynced(), { once: true })
  let inner: Reflector | undefined
  let isMissing = false

  const ask = async (): Promise<void> => {
    while (!signal.aborted) {
      let waitMs = askAgainMs
      try {
        if (await options.isServed(signal)) break
        isMissing = true
        setSynced()
      } catch {
        // The API server is away, which reflectors of other kinds and the elector tell.
        waitMs = afterFailureMs
      }
      await pause(clock, waitMs, signal)
    }
    if (signal.aborted) return
    inner = options.start()
    inner.subscribe((change) => listeners.forEach((listener) => listener(change)))
    await inner.synced
    setSynced()
  }
  const asking = ask()
  return {
    get: (key) => inner?.get(key),
    list: (namespace) => inner?.list(namespace) ?? [],
    indexed: (text) => inner?.indexed(text) ?? [],
    subscribe(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    synced,
    get hasSynced() {
      return inner?.hasSynced ?? isMissing
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await inner?.[Symbol.asyncDispose]()
      await asking
    },
  }
}
