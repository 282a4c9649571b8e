/** The server process: the SCIM listener, the Directory API's listener, and what both share. */

import type { Directory } from '#directory/database.ts'
import type { Keyring } from '#directory/token.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'
import { toBody } from '#scim/errors.ts'

import { createScimApp } from './app.ts'
import { createDirectoryApp } from './directory-api/app.ts'
import { problemBody, problemType } from './directory-api/problem.ts'
import { startHttp } from './http.ts'
import { scimJson } from './media-type.ts'
import { openParts } from './parts.ts'
import { protocolRefusal } from './protocol-error.ts'

export interface ServerOptions {
  readonly directory: Directory
  readonly keyring: Keyring
  readonly metrics: Metrics
  readonly log: Logger
  /** 0 takes a free one. */
  readonly scimPort: number
  readonly directoryPort: number
  /** Address to listen on; all of them unless told. */
  readonly host?: string
  /** Whether `/t/<tenantID>` before the endpoint path names a tenant where the host does not. */
  readonly pathRouting: boolean
  /** Origin of locations under path routing; `self` is http://127.0.0.1 with the SCIM port. */
  readonly pathOrigin?: string
  /** From its abort on answers close their connection, so that clients have left before the server stops. */
  readonly leaving?: AbortSignal
  /** Stopping begins when it aborts. */
  readonly signal?: AbortSignal
  /** How long requests under way may take once stopping has begun; 25 s unless told. */
  readonly drainLimitMs?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

export interface RunningServer extends AsyncDisposable {
  readonly scimPort: number
  readonly directoryPort: number
}

/** Listens on both ports; throws the system's error (EADDRINUSE, EACCES) if it cannot. */
export const startServer = async (options: ServerOptions): Promise<RunningServer> => {
  const { host, now = Date.now, drainLimitMs = 25_000 } = options
  // Unwinding goes from the last to the first: listeners drain before what their requests use is closed.
  await using stack = new AsyncDisposableStack()
  const closing = new AbortController()
  // The origin of `self` holds the port, which is known once the listener is there.
  const self = { port: options.scimPort }
  const pathOrigin = (): string => pathOriginOf(options.pathOrigin, self.port)
  const leaving =
    options.leaving === undefined ? closing.signal : AbortSignal.any([closing.signal, options.leaving])
  const parts = openParts({ ...options, now, pathOrigin, closing: leaving }, stack)
  const shared = { closing: closing.signal, drainLimitMs, ...(host === undefined ? {} : { host }) }
  const scim = await startHttp({
    ...shared,
    port: options.scimPort,
    app: createScimApp(parts),
    protocolError: (status, requestId) => ({
      contentType: scimJson,
      body: JSON.stringify(toBody(protocolRefusal(options.log, status, requestId))),
    }),
  })
  stack.use(scim)
  self.port = scim.port
  const directory = await startHttp({
    ...shared,
    port: options.directoryPort,
    app: createDirectoryApp(parts),
    protocolError: (status, requestId) => ({
      contentType: problemType,
      body: problemBody(protocolRefusal(options.log, status, requestId)),
    }),
  })
  stack.use(directory)
  const stop = stopOnce(stack.move(), closing, options.signal)
  return { scimPort: scim.port, directoryPort: directory.port, [Symbol.asyncDispose]: stop }
}

/** Stops once, by disposal or by the signal, whichever comes first. */
const stopOnce = (
  stack: AsyncDisposableStack,
  closing: AbortController,
  signal: AbortSignal | undefined,
): (() => Promise<void>) => {
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    closing.abort()
    stopped ??= stack.disposeAsync()
    return stopped
  }
  const onAbort = (): void => {
    // Whoever disposes gets the error.
    stop().catch(() => undefined)
  }
  if (signal?.aborted === true) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return stop
}

const pathOriginOf = (configured: string | undefined, port: number): string =>
  configured === undefined || configured === 'self'
    ? `http://127.0.0.1:${port}`
    : configured.replace(/\/+$/, '')
