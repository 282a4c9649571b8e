/** The thread of `load.ts`: keep-alive connections, one request in flight on each. */
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

import type { Round, RoundResult } from './load.ts'

/** No round measures more than this, however fast the server. */
const maxRequests = 200_000

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what load.ts hands to the thread
const { plan, clients, seconds, first } = workerData as Round
const agent = new Agent({ keepAlive: true, maxSockets: clients })
const { hostname, port } = new URL(plan.origin)
const limit = Math.min(
  maxRequests,
  plan.body?.values === undefined ? Infinity : plan.paths.length * plan.body.values.length - first,
)

const bodyOf = (n: number): string | undefined => {
  if (plan.body === undefined) return undefined
  const value = plan.body.values?.[Math.floor(n / plan.paths.length)] ?? ''
  return plan.body.template.replaceAll('{n}', String(n)).replaceAll('{value}', value)
}

const authorization = (n: number): Readonly<Record<string, string>> =>
  plan.tokens === undefined ? {} : { authorization: `Bearer ${plan.tokens[n % plan.tokens.length]}` }

/** The status, and the text when it is not the expected one. */
const send = (n: number): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const body = bodyOf(n)
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const outgoing = request(
      {
        agent,
        hostname,
        port,
        method: plan.method,
        path: plan.paths[n % plan.paths.length] ?? '/',
        headers: { ...plan.headers, ...length, ...authorization(n) },
      },
      (answer) => {
        const isExpected = answer.statusCode === plan.expectedStatus
        let text = ''
        if (isExpected) answer.resume()
        else answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => resolve(isExpected ? undefined : `${answer.statusCode}: ${text}`))
        answer.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })

const durationsMs: number[] = []
let next = first
let problem: string | undefined
const startMs = performance.now()
const endMs = startMs + seconds * 1000

const client = async (): Promise<void> => {
  while (performance.now() < endMs && next - first < limit && problem === undefined) {
    const n = next
    next += 1
    const sentMs = performance.now()
    problem ??= await send(n)
    durationsMs.push(performance.now() - sentMs)
  }
}

await Promise.all(Array.from({ length: clients }, client))
agent.destroy()
const result: RoundResult = {
  durationsMs: Float64Array.from(durationsMs),
  elapsedMs: performance.now() - startMs,
  next,
  problem,
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node, not a window
parentPort?.postMessage(result)
