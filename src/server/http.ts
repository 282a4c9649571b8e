/** An HTTP listener that stops in order: no new connections, the requests under way to their end, then a limit. */

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'

import { listen } from '#platform/listen.ts'

import { maxHeaderBytes } from './protocol-error.ts'

export interface HttpOptions {
  readonly port: number
  readonly host?: string
  readonly app: RequestListener
  /** Answer to what never becomes a request: malformed HTTP, headers that are too large or too slow. */
  readonly protocolError: (
    status: number,
    requestId: string,
  ) => { readonly contentType: string; readonly body: string }
  /** Stopping begins when it aborts; disposing waits for the end. */
  readonly closing: AbortSignal
  /** How long requests under way may take once stopping has begun. */
  readonly drainLimitMs: number
}

export interface HttpListener extends AsyncDisposable {
  readonly port: number
}

/** Longer than a gateway keeps an idle connection, so that it never writes into one that closes. */
const keepAliveMs = 75_000

export const startHttp = async (options: HttpOptions): Promise<HttpListener> => {
  // A request without Host, or with an Expect that Node does not know, is answered by the application, in its words.
  const server = createServer(
    { keepAliveTimeout: keepAliveMs, requireHostHeader: false, maxHeaderSize: maxHeaderBytes },
    options.app,
  )
  server.on('checkExpectation', options.app)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    refuseBytes(error, socket, options.protocolError)
  })
  const port = await listen(server, options.port, options.host)
  let drained: Promise<void> | undefined
  const stop = (): Promise<void> => {
    drained ??= drain(server, options.drainLimitMs)
    return drained
  }
  options.closing.addEventListener('abort', () => void stop(), { once: true })
  return { port, [Symbol.asyncDispose]: stop }
}

const drain = async (server: Server, limitMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // A request that ends leaves its connection idle; the answer said `connection: close`, but clients differ.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const limit = setTimeout(() => server.closeAllConnections(), limitMs)
  await closed
  clearInterval(sweep)
  clearTimeout(limit)
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

const statusOf = (code: string | undefined): number => {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}

const refuseBytes = (
  error: NodeJS.ErrnoException,
  socket: Socket,
  protocolError: HttpOptions['protocolError'],
): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = statusOf(error.code)
  const requestId = randomUUID()
  const { contentType, body } = protocolError(status, requestId)
  socket.end(
    `HTTP/1.1 ${status} ${reasons[status]}\r\ncontent-type: ${contentType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${requestId}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}
