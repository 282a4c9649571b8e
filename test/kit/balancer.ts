/**
 * What stands before the servers in a cluster: requests go in turn to those whose /readyz says yes. It never tries a
 * request again, so each one that a server drops is seen.
 */
import { Agent, createServer, request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

import { listen } from '#platform/listen.ts'

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Child } from './child-process.ts'

export interface Balancer extends AsyncDisposable {
  readonly scimPort: number
  readonly directoryPort: number
  /** Takes a server in; it is sent requests while it is ready. */
  add(server: Child): Promise<void>
  /** How many requests this server has answered. */
  answered(server: Child): number
  /** One line for each request that no server answered. */
  readonly failures: readonly string[]
}

type Listener = 'scimPort' | 'directoryPort'

interface Backend {
  readonly server: Child
  readonly ports: Readonly<Record<Listener, number>>
  isReady: boolean
  answered: number
}

/** As late as a cluster is: a server that stops at once would be sent requests for a while. */
const probeEveryMs = 500
/** Of one server to another, not of the browser kind: it tells the other side what to do with the connection. */
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding']

export const startBalancer = async (): Promise<Balancer> => {
  await using stack = new AsyncDisposableStack()
  const backends: Backend[] = []
  const failures: string[] = []
  const agent = stack.adopt(new Agent({ keepAlive: true }), (opened) => opened.destroy())
  const stop = new AbortController()
  const probing: Promise<void>[] = []
  stack.defer(async () => void (await Promise.all(probing)))
  stack.defer(() => stop.abort())
  let turn = 0

  const forward = (listener: Listener, request: IncomingMessage, response: ServerResponse): void => {
    const ready = backends.filter(({ isReady }) => isReady)
    const backend = ready[(turn += 1) % ready.length]
    const fail = (why: string): void => {
      failures.push(`${request.method} ${request.url}: ${why}`)
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    }
    if (backend === undefined) {
      fail('no server is ready')
      return
    }
    const upstream = httpRequest({
      agent,
      host: '127.0.0.1',
      port: backend.ports[listener],
      method: request.method,
      path: request.url,
      headers: request.headers,
    })
    upstream.on('error', (error) => fail(String(error)))
    upstream.on('response', (answer) => {
      backend.answered += 1
      for (const name of hopByHop) delete answer.headers[name]
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(upstream)
  }

  const open = async (listener: Listener): Promise<number> => {
    const server = createServer((request, response) => forward(listener, request, response))
    // Clients end their connections, never this side: a request on its way into one that closes would be lost.
    server.keepAliveTimeout = 0
    stack.defer(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return listen(server, 0, '127.0.0.1')
  }

  const probe = async (backend: Backend): Promise<void> => {
    while (backend.server.isRunning && !stop.signal.aborted) {
      // What it said last holds until it says something else, or ends.
      const answer = await backend.server.probe('/readyz').catch(() => undefined)
      if (answer !== undefined) backend.isReady = answer.status === 200
      await delay(probeEveryMs)
    }
    backend.isReady = false
  }

  const [scimPort, directoryPort] = [await open('scimPort'), await open('directoryPort')]
  const opened = stack.move()
  return {
    scimPort,
    directoryPort,
    failures,
    async add(server) {
      const backend = {
        server,
        ports: {
          scimPort: await server.port('scimPort', 'ready'),
          directoryPort: await server.port('directoryPort', 'ready'),
        },
        isReady: true,
        answered: 0,
      }
      backends.push(backend)
      probing.push(probe(backend))
    },
    answered: (server) => backends.find((backend) => backend.server === server)?.answered ?? 0,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
