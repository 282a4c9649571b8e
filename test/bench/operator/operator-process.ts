/** The operator as it runs on a cluster, a process of its own, looked at from outside: /proc, its metrics, its probes. */

import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { Child } from '#test/kit/child-process.ts'

import { sampleSum } from './samples.ts'

export interface OperatorProcess extends AsyncDisposable {
  readonly pid: number
  readonly child: Child
  /** When it was started, by `performance.now()`. */
  readonly startedMs: number
  /** Sum of the samples of a metric that have these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** Until it has taken up everything that it knows of, and nothing new for a while. */
  untilCalm(): Promise<void>
}

const pollMs = 100
/** A watch brings the consequences of a write in far less. */
const calmMs = 3_000

export const startOperatorProcess = async (
  env: Readonly<Record<string, string>>,
): Promise<OperatorProcess> => {
  const startedMs = performance.now()
  const child = new Child({ main: 'src/operator/main.ts', env })
  const port = await child.port('opsPort', 'started')
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const work = async (): Promise<{ readonly waiting: number; readonly done: number }> => {
    const text = await metrics()
    return {
      waiting: sampleSum(text, 'workqueue_depth') + sampleSum(text, 'controller_runtime_active_workers'),
      done: sampleSum(text, 'controller_runtime_reconcile_total'),
    }
  }
  return {
    pid: child.pid,
    child,
    startedMs,
    metric: async (name, labels) => sampleSum(await metrics(), name, labels),
    async untilCalm() {
      let last = -1
      let sinceMs = performance.now()
      while (performance.now() - sinceMs < calmMs) {
        const { waiting, done } = await work()
        if (waiting > 0 || done !== last) sinceMs = performance.now()
        last = done
        await sleep(pollMs)
      }
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

/** Open file descriptors of a process, undefined where there is no /proc. */
export const descriptorsOf = (pid: number): number | undefined => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return undefined
  }
}
