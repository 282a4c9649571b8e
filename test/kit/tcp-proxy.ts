/** A TCP proxy in front of a server, for tests of what happens when the server goes away. */

import { connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  /** The URL given, with host and port of the proxy. */
  readonly url: string
  /** How many were accepted so far. */
  readonly connections: number
  /** How often a client spoke first or after an answer: the round trips of a client that is alone. */
  readonly turns: number
  /** Cuts every connection and refuses new ones, as a stopped server does. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
  /** Keeps connections open but passes nothing on, as a network that drops packets. */
  freeze(): void
  /** Passes everything on this much later, in both directions together. */
  delay(roundTripMs: number): void
}

export async function tcpProxy(url: string): Promise<TcpProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let isFrozen = false
  let delayMs = 0
  let connections = 0
  let turns = 0
  const server = createServer((client) => {
    connections += 1
    let isAnswered = true
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => {
        if (isFrozen) return
        if (from === client && isAnswered) turns += 1
        isAnswered = from === upstream
        if (delayMs === 0) to.write(data)
        else setTimeout(() => to.write(data), delayMs / 2)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen(0)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxied = new URL(url)
  proxied.host = `127.0.0.1:${port}`
  return {
    url: proxied.href,
    get connections() {
      return connections
    },
    get turns() {
      return turns
    },
    stop,
    async start() {
      isFrozen = false
      await listen(port)
    },
    freeze() {
      isFrozen = true
    },
    delay(roundTripMs) {
      delayMs = roundTripMs
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await stop()
    },
  }
}
