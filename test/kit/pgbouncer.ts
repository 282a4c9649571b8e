/** A PgBouncer of its own in transaction mode, before one database of the test server. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

export interface PgBouncer extends AsyncDisposable {
  /** The given database URL, through the pooler. */
  through(databaseUrl: string): string
}

/** Fewer than the clients that the tests open, so that every server connection has many clients. */
const serverConnections = 4

/**
 * Starts it with what its package ships and nothing but transaction mode set, on loopback.
 *
 * @param databaseUrls URLs with passwords of the roles that may connect, all of one server
 */
export async function startPgBouncer(databaseUrls: readonly string[]): Promise<PgBouncer> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-pgbouncer-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  const urls = databaseUrls.map((url) => new URL(url))
  const [server] = urls
  if (server === undefined) throw new Error('PgBouncer needs a database')
  const port = await freePort()
  const users = urls.map(({ username, password }) => `"${username}" "${password}"`)
  await writeFile(path.join(folder, 'users.txt'), users.join('\n'))
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: path.join(folder, 'users.txt'),
    pool_mode: 'transaction',
    default_pool_size: serverConnections,
    max_client_conn: 200,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  const file = path.join(folder, 'pgbouncer.ini')
  await writeFile(
    file,
    `[databases]\n* = host=${server.hostname} port=${server.port}\n[pgbouncer]\n${lines.join('\n')}\n`,
  )
  // It refuses to run as root; the package of Postgres has made a user that may.
  const asUser = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
  const child = spawn('pgbouncer', ['-q', ...asUser, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said: string[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const ended = once(child, 'exit')
  stack.defer(async () => {
    child.kill('SIGINT')
    await ended
  })
  const through = (databaseUrl: string): string => {
    const url = new URL(databaseUrl)
    url.host = `127.0.0.1:${String(port)}`
    return url.href
  }
  await reachable(through(server.href), () => said.join(''))
  const owned = stack.move()
  return { through, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('There is no free port')
  return address.port
}

async function reachable(url: string, said: () => string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (attempt === 100) throw new Error(`PgBouncer does not answer: ${said()}`, { cause: error })
      await sleep(50)
    }
  }
}
