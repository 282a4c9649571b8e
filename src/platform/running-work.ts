/** How long work in flight has taken so far: what hangs shows here and nowhere else, since it never ends. */
import { Gauge } from 'prom-client'

import type { Registry } from 'prom-client'

/** Seconds since each piece of work in flight began. */
type RunningSeconds = () => readonly number[]

/** @param on where the metrics are registered */
export const runningWorkMetrics = (on: { readonly registers: Registry[] }) => {
  const queues = new Map<string, RunningSeconds>()
  const labelNames = ['name', 'controller'] as const
  const unfinished = new Gauge({
    ...on,
    name: 'workqueue_unfinished_work_seconds',
    help: 'How long all keys in work have been worked on, together.',
    labelNames,
    collect() {
      for (const [name, seconds] of queues)
        this.set(
          { name, controller: name },
          seconds().reduce((sum, each) => sum + each, 0),
        )
    },
  })
  const longest = new Gauge({
    ...on,
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How long the oldest key in work has been worked on.',
    labelNames,
    collect() {
      for (const [name, seconds] of queues) this.set({ name, controller: name }, Math.max(0, ...seconds()))
    },
  })
  return {
    /** Asks whenever metrics are read, until disposed. */
    followRunningWork(name: string, seconds: RunningSeconds): Disposable {
      queues.set(name, seconds)
      return {
        [Symbol.dispose]() {
          queues.delete(name)
          for (const gauge of [unfinished, longest]) gauge.set({ name, controller: name }, 0)
        },
      }
    },
  }
}
