/** Measures a row: product and bare in turn, several short rounds each, so that a noisy minute hits both. */
import { percentile } from '#test/kit/percentile.ts'

import { runRound } from './load.ts'

import type { LoadPlan } from './load.ts'

export interface Figures {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
}

export interface Pair<T> {
  readonly product: T
  readonly bare: T
}

export interface MeasureOptions {
  readonly clients: number
  /** Measured time for each of the two. */
  readonly seconds: number
}

const rounds = 4
const warmUpSeconds = 1

export const measure = async (plans: Pair<LoadPlan>, options: MeasureOptions): Promise<Pair<Figures>> => {
  const product = createRunner(plans.product, options.clients)
  const bare = createRunner(plans.bare, options.clients)
  for (const runner of [product, bare]) await runner.warmUp()
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes, so that neither always follows the other's checkpoint.
    const order = round % 2 === 0 ? [product, bare] : [bare, product]
    for (const runner of order) await runner.run(options.seconds / rounds)
  }
  return { product: product.figures(), bare: bare.figures() }
}

const createRunner = (plan: LoadPlan, clients: number) => {
  const durationsMs: number[] = []
  let elapsedMs = 0
  let first = 0
  const round = async (seconds: number) => {
    const result = await runRound({ plan, clients, seconds, first })
    if (result.problem !== undefined) throw new Error(`${plan.method} was answered ${result.problem}`)
    first = result.next
    return result
  }
  return {
    warmUp: () => round(warmUpSeconds),
    async run(seconds: number): Promise<void> {
      const result = await round(seconds)
      for (const duration of result.durationsMs) durationsMs.push(duration)
      elapsedMs += result.elapsedMs
    },
    figures(): Figures {
      if (durationsMs.length === 0)
        throw new Error(`no ${plan.method} was measured: too few values are prepared`)
      return {
        requestsPerSecond: durationsMs.length / (elapsedMs / 1000),
        p50Ms: percentile(durationsMs, 0.5),
        p95Ms: percentile(durationsMs, 0.95),
        p99Ms: percentile(durationsMs, 0.99),
      }
    },
  }
}
