/** A gate in front of Postgres: shut it, and connections break and are refused as when the server is gone. */

import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

export interface Gate extends AsyncDisposable {
  /** The URL of the database, through the gate. */
  readonly url: string
  shut(): Promise<void>
  open(): Promise<void>
}

/** Opens a gate in front of the database of a URL. */
export const openGate = async (target: string): Promise<Gate> => {
  const to = new URL(target)
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // What breaks here is what the test is about.
    socket.on('error', () => undefined)
  }
  const open = async (): Promise<void> => {
    const opened = createServer((incoming) => {
      const outgoing = connect(Number(to.port), to.hostname)
      keep(incoming)
      keep(outgoing)
      incoming.pipe(outgoing).pipe(incoming)
      incoming.on('close', () => outgoing.destroy())
      outgoing.on('close', () => incoming.destroy())
    })
    await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve))
    const address = opened.address()
    if (address === null || typeof address === 'string') throw new Error('not a TCP address')
    port = address.port
    server = opened
  }
  const shut = async (): Promise<void> => {
    const closed = new Promise((resolve) =>
      server === undefined ? resolve(undefined) : server.close(resolve),
    )
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await open()
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  return { url: url.href, open, shut, [Symbol.asyncDispose]: shut }
}
