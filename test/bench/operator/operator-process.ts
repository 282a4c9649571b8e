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
  /** Until it has reconciled so many integrations since it started; `performance.now()` of then. */
  untilReconciled(count: number): Promise<number>
  /** Until nothing waits in its queues, and has not for a while: routine looks never end, but none of them waits. */
  untilCalm(): Promise<void>
}

const reconciles = 'controller_runtime_reconcile_total'
/** A watch brings the consequences of a write in far less. */
const calmMs = 3_000
/** A scrape is work for the operator: between two of them it has so many times as long for its own. */
const restAfterScrape = 50

export const startOperatorProcess = async (
  env: Readonly<Record<string, string>>,
): Promise<OperatorProcess> => {
  const startedMs = performance.now()
  const child = new Child({ main: 'src/operator/main.ts', env })
  const port = await child.port('opsPort', 'started')
  let scrapeMs = 0
  const metrics = async (): Promise<string> => {
    const scrapedMs = performance.now()
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    scrapeMs = performance.now() - scrapedMs
    return text
  }
  const pause = (): Promise<void> => sleep(restAfterScrape * scrapeMs)
  return {
    pid: child.pid,
    child,
    startedMs,
    async untilReconciled(count) {
      const labels = { controller: 'scimintegration' }
      while (sampleSum(await metrics(), reconciles, labels) < count) await pause()
      return performance.now()
    },
    async untilCalm() {
      let sinceMs: number | undefined
      while (sinceMs === undefined || performance.now() - sinceMs < calmMs) {
        await pause()
        const isCalm = sampleSum(await metrics(), 'workqueue_depth') === 0
        sinceMs = isCalm ? (sinceMs ?? performance.now()) : undefined
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
