/** An HTTP proxy in front of an API server that refuses three of ten requests, as one does that is in trouble. */

import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'yaml'

import { statusOf } from '#test/kit/api-status.ts'

import { apiAgent } from './ask.ts'
import { testCluster } from './kit.ts'

export interface FaultProxy extends AsyncDisposable {
  /** Path of a kubeconfig that leads through the proxy. */
  readonly kubeconfig: string
  /** How many requests were refused so far, by code. */
  readonly refused: Readonly<Record<number, number>>
}

const busy = [429, 'TooManyRequests', { 'retry-after': '1' }] as const
const faults = [[409, 'Conflict', {}], [500, 'InternalError', {}], busy] as const

/** In their order, so that no run is luckier than another. Of writes that get a 500 every other one was carried out. */
export async function faultProxy(): Promise<FaultProxy> {
  const cluster = testCluster()
  await using stack = new AsyncDisposableStack()
  const agent = stack.adopt(apiAgent(cluster), (opened) => opened.destroy())
  const refused: Record<number, number> = {}
  let count = 0

  const pass = async (incoming: IncomingMessage, response: ServerResponse | undefined): Promise<void> => {
    const body = await buffer(incoming)
    const { 'content-type': contentType = 'application/json', accept = '*/*' } = incoming.headers
    const answer = await agent.request({
      origin: cluster.server,
      path: incoming.url ?? '/',
      method: incoming.method ?? 'GET',
      headers: { authorization: `Bearer ${cluster.token}`, 'content-type': contentType, accept },
      body: body.length === 0 ? null : body,
    })
    if (response === undefined) return answer.body.dump()
    response.writeHead(answer.statusCode, { 'content-type': 'application/json' })
    response.flushHeaders()
    await pipeline(answer.body, response)
  }
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    count += 1
    const due = count % 10 < 3 ? faults[count % faults.length] : undefined
    if (due === undefined) return pass(incoming, response)
    // Nothing that is only read is in conflict.
    const fault = due[0] === 409 && incoming.method === 'GET' ? busy : due
    const [code, reason, headers] = fault
    refused[code] = (refused[code] ?? 0) + 1
    if (code === 500 && incoming.method !== 'GET' && (refused[code] ?? 0) % 2 === 0)
      await pass(incoming, undefined)
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(statusOf(code, reason)))
  }
  const server = createServer((incoming, response) => {
    // Whoever asked is gone, or the API server is: the connection says so.
    handle(incoming, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const folder = await mkdtemp(join(tmpdir(), 'scim-fault-proxy-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(
    kubeconfig,
    stringify({
      clusters: [
        {
          name: 'test',
          // Plain HTTP is only taken where the certificate would not be looked at either.
          cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
        },
      ],
      users: [{ name: 'me', user: { token: 'the proxy has its own' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'me' } }],
      'current-context': 'test',
    }),
  )
  const owned = stack.move()
  return { kubeconfig, refused, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
