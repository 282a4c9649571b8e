/** A closed loop of clients in a thread of its own: each sends its next request when the last one is answered. */
import { Worker } from 'node:worker_threads'

/** What a client sends, as data, since it travels to another thread. Request `n` is made of the n-th of each list. */
export interface LoadPlan {
  /** `http://127.0.0.1:1234` */
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  /** Request n goes to `paths[n % paths.length]`. */
  readonly paths: readonly string[]
  /** Bearer tokens in place of the one of the headers: request n has `tokens[n % tokens.length]`. */
  readonly tokens?: readonly string[]
  readonly body?: Body
  readonly expectedStatus: number
}

/** `{n}` in the template is the number of the request, `{value}` one of the values. */
interface Body {
  readonly template: string
  /** Each path gets each value once, in order; when all are used the round ends early. */
  readonly values?: readonly string[]
}

export interface Round {
  readonly plan: LoadPlan
  readonly clients: number
  readonly seconds: number
  /** Number of the first request: rounds of one plan go on where the last one ended. */
  readonly first: number
}

export interface RoundResult {
  readonly durationsMs: Float64Array
  readonly elapsedMs: number
  /** Number of the first request of the next round. */
  readonly next: number
  /** The first wrong answer, if there was one. */
  readonly problem: string | undefined
}

/** Runs one round in a new thread. */
export const runRound = (round: Round): Promise<RoundResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('load-thread.ts', import.meta.url), { workerData: round })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the load thread ended without a result')))
  })
