/** Measures plans against each other: in turn, several short rounds each, so that a noisy minute hits all of them. */
import { percentile } from '#test/kit/percentile.ts'

import { runRound } from './load.ts'

import type { LoadPlan } from './load.ts'

export interface Figures {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  /** For one request; undefined where it cannot be known. */
  readonly cpuMs: Cpu | undefined
}

export interface Cpu {
  /** Of the server that was asked. */
  readonly server: number
  /** Of all processes of Postgres. */
  readonly postgres: number
  /** Of this process, which sends the requests. */
  readonly client: number
}

export interface MeasureOptions {
  readonly clients: number
  /** Measured time for each plan. */
  readonly seconds: number
  /** CPU seconds so far; of both servers together, since never more than one is asked. */
  readonly cpu: () => Cpu | undefined
}

/** Of a tenth of a second it is only asked whether the row runs. */
const roundsFor = (seconds: number): number => (seconds < 1 ? 1 : 4)

export const measure = async (
  plans: readonly LoadPlan[],
  options: MeasureOptions,
): Promise<readonly Figures[]> => {
  const runners = plans.map((plan) => createRunner(plan, options))
  const rounds = roundsFor(options.seconds)
  for (const runner of runners) await runner.warmUp()
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes, so that nobody always follows the same one's checkpoint.
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) await runner.run()
  }
  return runners.map((runner) => runner.figures())
}

export const figuresOf = (durationsMs: readonly number[], elapsedMs: number, cpuSeconds?: Cpu): Figures => ({
  requestsPerSecond: durationsMs.length / (elapsedMs / 1000),
  p50Ms: percentile(durationsMs, 0.5),
  p95Ms: percentile(durationsMs, 0.95),
  p99Ms: percentile(durationsMs, 0.99),
  cpuMs: cpuSeconds && {
    server: (cpuSeconds.server * 1000) / durationsMs.length,
    postgres: (cpuSeconds.postgres * 1000) / durationsMs.length,
    client: (cpuSeconds.client * 1000) / durationsMs.length,
  },
})

export const cpuBetween = (before: Cpu | undefined, after: Cpu | undefined): Cpu | undefined =>
  before &&
  after && {
    server: after.server - before.server,
    postgres: after.postgres - before.postgres,
    client: after.client - before.client,
  }

const cpuTogether = (one: Cpu | undefined, other: Cpu | undefined): Cpu | undefined =>
  one &&
  other && {
    server: one.server + other.server,
    postgres: one.postgres + other.postgres,
    client: one.client + other.client,
  }

const createRunner = (plan: LoadPlan, { clients, seconds, cpu }: MeasureOptions) => {
  const rounds = roundsFor(seconds)
  const durationsMs: number[] = []
  let elapsedMs = 0
  let used: Cpu | undefined = { server: 0, postgres: 0, client: 0 }
  let first = 0
  const round = async (roundSeconds: number) => {
    const result = await runRound({ plan, clients, seconds: roundSeconds, first })
    if (result.problem !== undefined) throw new Error(`${plan.method} was answered ${result.problem}`)
    first = result.next
    return result
  }
  return {
    // Code that was not compiled yet costs a multiple. Writes use up what they are given, so they get less of it.
    warmUp: () => round(plan.method === 'GET' ? seconds : seconds / rounds / 2),
    async run(): Promise<void> {
      const before = cpu()
      const result = await round(seconds / rounds)
      used = cpuTogether(used, cpuBetween(before, cpu()))
      for (const duration of result.durationsMs) durationsMs.push(duration)
      elapsedMs += result.elapsedMs
    },
    figures(): Figures {
      if (durationsMs.length === 0)
        throw new Error(`no ${plan.method} was measured: too few values are prepared`)
      return figuresOf(durationsMs, elapsedMs, used)
    },
  }
}
