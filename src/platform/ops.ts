/** The port that people and probes look at: `/metrics`, `/livez`, `/readyz`. */
import { createServer } from 'node:http'

import { listen } from './listen.ts'

import type { ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'

export interface OpsOptions {
  /** 0 takes a free port. */
  readonly port: number
  readonly host?: string
  readonly registry: Registry
  /** True, or the reason why this process should get no traffic now. */
  ready(): boolean | string | Promise<boolean | string>
  /** True, or why this process should be started anew; true unless told. Never a dependency's failure. */
  live?(): boolean | string
}

export interface Ops extends AsyncDisposable {
  readonly port: number
}

/** Listens; throws the system's error (EADDRINUSE, EACCES) if it cannot. */
export const startOps = async (options: OpsOptions): Promise<Ops> => {
  const server = createServer((request, response) => {
    answer(options, request.url ?? '/', response).catch((error: unknown) => {
      reply(response, 500, `${String(error)}\n`)
    })
  })
  const port = await listen(server, options.port, options.host)
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const answer = async (options: OpsOptions, url: string, response: ServerResponse): Promise<void> => {
  switch (new URL(url, 'http://ops').pathname) {
    case '/metrics': {
      response.setHeader('content-type', options.registry.contentType)
      response.end(await options.registry.metrics())
      return
    }
    case '/livez':
      return probe(response, options.live?.() ?? true)
    case '/readyz':
      return probe(response, await options.ready())
    default:
      return reply(response, 404, 'not found: /metrics, /livez or /readyz\n')
  }
}

const probe = (response: ServerResponse, verdict: boolean | string): void =>
  verdict === true
    ? reply(response, 200, 'ok\n')
    : reply(response, 503, `${verdict === false ? 'not ready' : verdict}\n`)

const reply = (response: ServerResponse, code: number, text: string): void => {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text)
}
