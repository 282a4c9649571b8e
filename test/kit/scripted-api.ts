/** An API server on loopback that says what the test tells it, for what a real one cannot be made to do. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Agents } from '#operator/cluster/agents.ts'
import { openAccess } from '#operator/cluster/credentials.ts'
import { clusterTransport } from '#operator/cluster/transport.ts'
import { createMetrics } from '#platform/metrics.ts'
import { statusOf } from '#test/kit/api-status.ts'

import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Transport } from '#operator/cluster/transport.ts'
import type { Metrics } from '#platform/metrics.ts'
import type { StatusRest } from '#test/kit/api-status.ts'

export interface ApiCall {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

export type Answer = (response: ServerResponse, call: ApiCall) => void

export interface ScriptedApi extends AsyncDisposable {
  readonly kubeConfig: string
  readonly metrics: Metrics
  readonly transport: Transport
  /** What was asked so far, the oldest first. */
  readonly calls: readonly ApiCall[]
  /** How many connections were opened so far. */
  readonly connections: number
}

export interface ScriptedApiOptions {
  readonly callLimitMs?: number
  readonly watchSilenceMs?: number
}

/** Answers with each of `answers` once, then with the last one for ever. */
export async function scriptedApi(
  answers: readonly [Answer, ...Answer[]],
  { callLimitMs = 10_000, watchSilenceMs = 75_000 }: ScriptedApiOptions = {},
): Promise<ScriptedApi> {
  const calls: ApiCall[] = []
  let connections = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api')
      const text = Buffer.concat(chunks).toString()
      const call = {
        method: request.method ?? '',
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      }
      const answer = answers[Math.min(calls.length, answers.length - 1)]
      calls.push(call)
      answer?.(response, call)
    })
  })
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const folder = await mkdtemp(join(tmpdir(), 'scim-test-api-'))
  const kubeConfig = join(folder, 'kubeconfig')
  await writeFile(kubeConfig, kubeConfigText(`http://127.0.0.1:${port}`))
  const metrics = createMetrics({ ofProcess: false })
  const agents = new Agents({ watchSilenceMs })
  const access = openAccess(kubeConfig)
  return {
    kubeConfig,
    metrics,
    transport: clusterTransport({ access, agents, metrics, callLimitMs }),
    calls,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      await agents[Symbol.asyncDispose]()
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Plain HTTP is only taken where the certificate would not be looked at either. */
function kubeConfigText(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: { token: 'secret-token' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'me' } }],
    'current-context': 'test',
  })
}

export const json =
  (code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }

/** A refusal as the API server words it. */
export const refused = (
  code: number,
  reason: string,
  rest?: StatusRest,
  headers?: Readonly<Record<string, string>>,
): Answer => json(code, statusOf(code, reason, rest), headers)

/** The lines of a watch, one JSON text each; then the end, unless told. */
export const stream =
  (lines: readonly unknown[], end: 'ends' | 'stays' | 'breaks' = 'ends'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join('')
    response.flushHeaders()
    const finish = () => {
      if (end === 'ends') response.end()
      if (end === 'breaks') response.destroy()
    }
    if (text === '') finish()
    else response.write(text, finish)
  }

/** Accepts the request and says nothing. */
export const silence: Answer = () => undefined

/** Cuts the connection. */
export const hangUp: Answer = (response) => response.destroy()
