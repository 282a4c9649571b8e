/** Listening on a port, with the port the system chose as the answer. */
import type { Server } from 'node:net'

/** Resolves with the port once the server accepts connections; rejects with the system's error, e.g. EADDRINUSE. */
export const listen = (server: Server, port: number, host?: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('not a TCP address'))
      else resolve(address.port)
    })
  })
