/** Reads while a worker works and while it stands still, by turns, so that a noisy minute hits both. */
import { runRound } from './load.ts'
import { figuresOf } from './measure.ts'

import type { LoadPlan, RoundResult } from './load.ts'
import type { Figures } from './measure.ts'

/** As many as leave room for others on two cores. */
const clients = 2
const roundsPerMeasure = 4

export interface WhileOptions {
  readonly plan: LoadPlan
  /** Process id. */
  readonly worker: number
  /** Resolves when Postgres has done what a stopped worker had sent. */
  readonly settled: () => Promise<void>
  /** Of four rounds. */
  readonly seconds: number
}

export interface ReadWhile {
  /** From now to the end of the work, without the time in which the worker stood still. */
  readonly workedMs: number
  readonly meanwhile: Figures
  /** The p95 meanwhile in relation to that of the turns between. */
  readonly slower: number
}

/** Reads by turns until the work of the worker has ended; the turn in which it ends counts only if there is no other. */
export const readWhile = async (
  work: Promise<void>,
  { plan, worker, settled, seconds }: WhileOptions,
): Promise<ReadWhile> => {
  const startMs = performance.now()
  const ending = new AbortController()
  const ended = work.then(() => performance.now()).finally(() => ending.abort())
  let stoodMs = 0
  let next = 0
  const round = async () => {
    const result = await runRound({ plan, clients, seconds: seconds / roundsPerMeasure, first: next })
    if (result.problem !== undefined) throw new Error(`${plan.method} was answered ${result.problem}`)
    next = result.next
    return result
  }
  const meanwhile: RoundResult[] = []
  const between: RoundResult[] = []
  while (!ending.signal.aborted) {
    const working = await round()
    if (!ending.signal.aborted || meanwhile.length === 0) meanwhile.push(working)
    process.kill(worker, 'SIGSTOP')
    try {
      await settled()
      const stoodFromMs = performance.now()
      between.push(await round())
      if (!ending.signal.aborted) stoodMs += performance.now() - stoodFromMs
    } finally {
      process.kill(worker, 'SIGCONT')
    }
  }
  const workedMs = (await ended) - startMs - stoodMs
  const figures = figuresOfAll(meanwhile)
  return { workedMs, meanwhile: figures, slower: figures.p95Ms / figuresOfAll(between).p95Ms }
}

const figuresOfAll = (rounds: readonly RoundResult[]): Figures =>
  figuresOf(
    rounds.flatMap(({ durationsMs }) => [...durationsMs]),
    rounds.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
  )
