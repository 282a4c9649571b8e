/**
 * A controller: changes become keys in a queue, workers reconcile one key at a time, failures come back with
 * backoff. Once for all kinds; what is reconciled and how is the caller's.
 */
import { aborted } from '#platform/lifecycle.ts'

import { retryAfterMs } from './kube.ts'
import { WorkQueue } from './work-queue.ts'

import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Clock } from './clock.ts'
import type { KubeObject } from './kube.ts'
import type { Reflector } from './reflector.ts'
import type { Priority, QueueObserver } from './work-queue.ts'

export interface ReconcileResult {
  /** When to look again even if nothing happens; without it only a change brings the key back. */
  readonly requeueAfterMs?: number
}

/** Brings the world of one key in line. Level-based: it reads the world, never the event. Throwing means backoff. */
export type Reconcile = (key: string, options: { readonly signal: AbortSignal }) => Promise<ReconcileResult>

/** Trying again cannot help until the object changes. */
export class TerminalError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'TerminalError'
  }
}

export interface Source {
  readonly reflector: Reflector
  /** The keys of this controller that a change of the object concerns. */
  readonly keysOf: (object: KubeObject) => readonly string[]
}

export interface ControllerOptions {
  readonly name: string
  readonly sources: readonly Source[]
  readonly reconcile: Reconcile
  readonly workers?: number
  readonly timeoutMs?: number
  /** How long reconciles in flight may take to end once stopping has begun; 25 s unless told. */
  readonly drainLimitMs?: number
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
  /** Ends everything at once, reconciles in flight too: what was allowed is not any more. */
  readonly signal: AbortSignal
}

export interface Controller extends AsyncDisposable {
  enqueue(key: string, priority: Priority): void
}

const results = ['success', 'error', 'requeue', 'requeue_after'] as const

/** Begins to work when all sources are synced. Disposing takes no more keys and waits for the reconciles in flight. */
export function startController(options: ControllerOptions): Controller {
  const { name, sources, workers = 4, metrics, clock, drainLimitMs = 25_000 } = options
  const stop = new AbortController()
  const cut = new AbortController()
  const taking = AbortSignal.any([options.signal, stop.signal])
  const signal = AbortSignal.any([options.signal, cut.signal])
  const queue = new WorkQueue({ clock, observer: observerOf(metrics, name) })
  const running = metrics.followRunningWork(name, () => queue.workingSeconds)
  for (const result of results) metrics.reconcileTotal.inc({ controller: name, result }, 0)
  const subscriptions = sources.map(({ reflector, keysOf }) => {
    const subscription = reflector.subscribe(({ object, isListed }) => {
      for (const key of keysOf(object)) queue.add(key, isListed ? 'low' : 'high')
    })
    // What the reflector knew before we listened.
    for (const object of reflector.list()) for (const key of keysOf(object)) queue.add(key, 'low')
    return subscription
  })
  const work = async () => {
    await Promise.race([Promise.all(sources.map(({ reflector }) => reflector.synced)), aborted(taking)])
    for (;;) {
      const key = await queue.take(taking)
      if (key === undefined) return
      await reconcileOnce(options, queue, key, signal)
      queue.done(key)
    }
  }
  metrics.maxConcurrentReconciles.set({ controller: name }, workers)
  const working = Promise.all(Array.from({ length: workers }, work))
  return {
    enqueue: (key, priority) => queue.add(key, priority),
    async [Symbol.asyncDispose]() {
      stop.abort()
      const limit = clock.after(drainLimitMs, () => cut.abort())
      await working
      limit[Symbol.dispose]()
      for (const subscription of subscriptions) subscription[Symbol.dispose]()
      queue[Symbol.dispose]()
      running[Symbol.dispose]()
    },
  }
}

async function reconcileOnce(
  options: ControllerOptions,
  queue: WorkQueue,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, metrics, clock, timeoutMs = 30_000 } = options
  const startedMs = clock.now()
  const limit = AbortSignal.timeout(timeoutMs)
  metrics.activeWorkers.inc({ controller: name })
  try {
    const result = await options.reconcile(key, { signal: AbortSignal.any([signal, limit]) })
    queue.forget(key)
    if (result.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs)
    metrics.reconcileTotal.inc({
      controller: name,
      result: result.requeueAfterMs === undefined ? 'success' : 'requeue_after',
    })
  } catch (error) {
    // One that was cut off is no failure: whoever starts next begins from the world as it is.
    if (!signal.aborted) {
      failed(options, queue, key, error)
      if (limit.aborted) metrics.reconcileTimeouts.inc({ controller: name })
    }
  }
  metrics.activeWorkers.dec({ controller: name })
  const seconds = (clock.now() - startedMs) / 1000
  metrics.reconcileTime.observe({ controller: name }, seconds)
  metrics.workqueueWorkDuration.observe({ name, controller: name }, seconds)
}

function failed(options: ControllerOptions, queue: WorkQueue, key: string, error: unknown): void {
  const { name, metrics, log } = options
  const isTerminal = error instanceof TerminalError
  metrics.reconcileTotal.inc({ controller: name, result: 'error' })
  metrics.reconcileErrors.inc({ controller: name })
  if (isTerminal) metrics.reconcileTerminalErrors.inc({ controller: name })
  log.warn({ controller: name, key, isTerminal, err: error }, 'reconcile failed')
  if (isTerminal) queue.forget(key)
  else queue.addRateLimited(key, retryAfterMs(error))
}

function observerOf(metrics: Metrics, name: string): QueueObserver {
  const labels = { name, controller: name }
  return {
    added: () => metrics.workqueueAdds.inc(labels),
    retried: () => metrics.workqueueRetries.inc(labels),
    waited: (seconds) => metrics.workqueueQueueDuration.observe(labels, seconds),
    depth: (priority, keys) => metrics.workqueueDepth.set({ ...labels, priority }, keys),
  }
}
