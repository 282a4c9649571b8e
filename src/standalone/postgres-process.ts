/** The server as a process: started apart from the terminal, asked whether it is ready, stopped in good order. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { readIfThere } from './kube-folder/atomic-file.ts'
import { commandOf } from './process-identity.ts'

import { Mistake } from '#platform/mistake.ts'
import { sleep } from '#platform/retry.ts'

import type { Runner } from './postgres-binaries.ts'

export interface PostgresServer {
  readonly pid: number | undefined
  /** Resolves when it has ended, however; rejects if it could not be started. */
  readonly exited: Promise<void>
}

export interface SpawnOptions {
  readonly binary: string
  readonly data: string
  readonly port: number
  readonly runner: Runner
  /** Settings beside those that every such server has. */
  readonly settings: Readonly<Record<string, string>>
  /** File descriptor that takes what the server writes. */
  readonly log: number
}

/** How long a fast shutdown may take before it becomes an immediate one, which recovers at the next start. */
const fastShutdownMs = 10_000

export const spawnServer = (options: SpawnOptions): PostgresServer => {
  const { binary, data, port, runner, log } = options
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    // The only way in is the loopback port with a password.
    unix_socket_directories: '',
    max_connections: '60',
    shared_buffers: '128MB',
    log_min_messages: 'warning',
    // Written by Postgres itself, wherever this machine is.
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, args] = commandLine(runner, binary, ['-D', data, ...flags])
  // Detached: Ctrl-C at a terminal goes to the whole group, and Postgres must outlive those who use it.
  const child = spawn(command, args, { ...runner.user, detached: true, stdio: ['ignore', log, log] })
  // Whoever has to leave at once (told twice to stop) takes the server along; it recovers at the next start.
  const abandon = (): void => void child.kill('SIGQUIT')
  process.once('exit', abandon)
  const exited = once(child, 'exit').then(() => void process.off('exit', abandon))
  // Whoever waits for the end gets the error; until then it must not end the process.
  exited.catch(() => undefined)
  return { pid: child.pid, exited }
}

/** `postmaster.pid`, line 8, as pg_ctl reads it. */
export const isReady = async (data: string): Promise<boolean> => (await pidFile(data))[7]?.trim() === 'ready'

/** A fast shutdown (SIGINT): open transactions are rolled back, the data is written. */
export const stopServer = async ({ pid, exited }: PostgresServer): Promise<void> => {
  if (pid === undefined) return
  signal(pid, 'SIGINT')
  const late = setTimeout(() => signal(pid, 'SIGQUIT'), fastShutdownMs)
  try {
    await exited
  } finally {
    clearTimeout(late)
  }
}

/** A server of these data that outlived its standalone (which was killed) is stopped; a stale pid file is no server. */
export const stopStray = async (data: string): Promise<void> => {
  const pid = Number((await pidFile(data))[0])
  if (!Number.isInteger(pid) || pid <= 0) return
  // The id may belong to any other process by now.
  const isOurs = async (): Promise<boolean> => (await commandOf(pid)).includes(` -D ${data} `)
  if (!(await isOurs())) return
  signal(pid, 'SIGINT')
  for (let waitedMs = 0; await isOurs(); waitedMs += 50) {
    if (waitedMs === fastShutdownMs) signal(pid, 'SIGQUIT')
    if (waitedMs > 2 * fastShutdownMs)
      throw new Mistake(
        `A Postgres of an earlier start (process ${pid}) does not stop: end it and start again.`,
      )
    await sleep(50)
  }
}

/** Runs a program to its end; throws what it wrote to stderr if it fails. */
export const runToEnd = async (
  binary: string,
  args: readonly string[],
  runner: Runner,
  input = '',
): Promise<void> => {
  const child = spawn(...commandLine(runner, binary, args), {
    ...runner.user,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  child.stdin.end(input)
  const [code]: unknown[] = await once(child, 'close')
  const said = errors.join('').trim()
  // The single-user server exits 0 whatever its statements did.
  if (code !== 0 || /\b(ERROR|FATAL|PANIC):/.test(said))
    throw new Mistake(
      `The embedded Postgres could not be set up: ${said.split('\n').at(-1) ?? `exit ${String(code)}`}`,
    )
}

const commandLine = (
  { prefix }: Runner,
  binary: string,
  args: readonly string[],
): [command: string, args: readonly string[]] => {
  const [command = binary, ...rest] = [...prefix, binary, ...args]
  return [command, rest]
}

const pidFile = async (data: string): Promise<readonly string[]> =>
  ((await readIfThere(join(data, 'postmaster.pid'))) ?? '').split('\n')

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}
