import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test, vi } from 'vitest'

import { migrate } from '#directory/migrate.ts'
import { listen } from '#platform/listen.ts'
import { createPepper } from '#platform/pepper.ts'
import { Child } from '#test/kit/child-process.ts'
import { cloneDatabase, emptyDatabase } from '#test/kit/postgres.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'

const freePorts = { SCIM_PORT: '0', DIRECTORY_PORT: '0', OPS_PORT: '0' }
const patience = { timeout: 60_000, interval: 50 }

const temporaryFolder = async (stack: AsyncDisposableStack): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'scim-pepper-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const pepperFolder = async (stack: AsyncDisposableStack): Promise<string> => {
  const folder = await temporaryFolder(stack)
  await createPepper(folder, new Date())
  return folder
}

const server = (env: Readonly<Record<string, string>>, stack: AsyncDisposableStack): Child =>
  stack.use(new Child({ main: 'src/server/main.ts', env: { ...freePorts, ...env } }))

const worker = (env: Readonly<Record<string, string>>, stack: AsyncDisposableStack): Child =>
  stack.use(new Child({ main: 'src/worker/main.ts', env: { OPS_PORT: '0', ...env } }))

const status = async (url: string): Promise<number> => (await fetch(url)).status

test('every mistake in the environment ends a process with its sentence and nothing else', async () => {
  await using stack = new AsyncDisposableStack()
  const env = { SCIM_PORT: 'http', DATABASE_URL: 'mysql://user:geheim@host/db', DRAIN_SECONDS: '5s' }
  const wrong = server(env, stack)
  const idle = worker({}, stack)
  expect(await wrong.ended()).toBe(1)
  expect(wrong.stderr.trimEnd().split('\n')).toEqual([
    'DATABASE_URL must be a URL such as postgres://user:password@host:5432/database.',
    'PEPPER_DIR is missing: it must be a folder.',
    'SCIM_PORT must be a port from 0 to 65535 (0 takes a free one), not "http".',
    'DRAIN_SECONDS must be a whole number from 0 to 300, not "5s".',
  ])
  expect(wrong.lines).toEqual([])
  expect(await idle.ended()).toBe(1)
  expect(idle.stderr).toBe(
    'WORKER_DATABASE_URL is missing: it must be a URL such as postgres://user:password@host:5432/database.\n',
  )
})

test('a port that is taken is told with the variable that chose it', async () => {
  await using stack = new AsyncDisposableStack()
  const taken = await listen(
    stack.adopt(createServer(), (opened) => void opened.close()),
    0,
  )
  const child = worker({ WORKER_DATABASE_URL: 'postgres://w@127.0.0.1:1/scim', OPS_PORT: `${taken}` }, stack)
  expect(await child.ended()).toBe(1)
  expect(child.stderr).toBe(
    `Port ${taken} (OPS_PORT) is in use by another program: stop it, or choose another port (0 takes a free one).\n`,
  )
})

test('server and worker wait for peppers and schema, say for which, and are ready once they are there', async () => {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await emptyDatabase())
  const peppers = await temporaryFolder(stack)
  const serving = server({ DATABASE_URL: db.appUrl, PEPPER_DIR: peppers }, stack)
  const working = worker({ WORKER_DATABASE_URL: db.workerUrl }, stack)
  await vi.waitFor(
    async () =>
      expect(await serving.probe('/readyz')).toEqual({
        status: 503,
        text: `waiting for the peppers: there is no pepper in ${peppers}`,
      }),
    patience,
  )
  await createPepper(peppers, new Date())
  const noSchema = {
    status: 503,
    text: 'waiting for the database: the database has not the schema of this release; the operator brings it',
  }
  for (const child of [serving, working]) {
    await vi.waitFor(async () => expect(await child.probe('/readyz')).toEqual(noSchema), patience)
    expect(await child.probe('/livez')).toEqual({ status: 200, text: 'ok' })
  }
  await migrate(db.ownerUrl)
  await Promise.all([serving.untilReady(), working.untilReady()])
  const scimPort = await serving.port('scimPort', 'ready')
  expect(await status(`http://127.0.0.1:${scimPort}/scim/v2/Users`)).toBe(404)
  expect(await Promise.all([serving.stop(), working.stop()])).toEqual([0, 0])
})

test('a process that is told to stop while it waits ends at once and in order', async () => {
  await using stack = new AsyncDisposableStack()
  const child = worker({ WORKER_DATABASE_URL: 'postgres://w@127.0.0.1:1/scim' }, stack)
  await child.untilSaid('waiting for the database: The database is not available')
  expect((await child.probe('/readyz')).status).toBe(503)
  expect(await child.stop()).toBe(0)
  expect(child.stderr).toBe('')
})

test('an outage of Postgres ends neither server nor worker, is told once, and is over without a restart', async () => {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await cloneDatabase())
  const toServer = stack.use(await tcpProxy(db.appUrl))
  const toWorker = stack.use(await tcpProxy(db.workerUrl))
  const children = [
    server(
      {
        DATABASE_URL: toServer.url,
        PEPPER_DIR: await pepperFolder(stack),
        PATH_ORIGIN: 'http://scim.test',
        DRAIN_SECONDS: '0',
      },
      stack,
    ),
    worker({ WORKER_DATABASE_URL: toWorker.url }, stack),
  ] as const
  const [serving] = children
  await Promise.all(children.map((child) => child.untilReady()))
  const scimPort = await serving.port('scimPort', 'ready')
  const anybody = `http://127.0.0.1:${scimPort}/t/nobody/scim/v2/Users`
  expect(await status(anybody)).toBe(404)

  await Promise.all([toServer.stop(), toWorker.stop()])
  await Promise.all(children.map((child) => child.untilSaid('Postgres is away')))
  await vi.waitFor(async () => expect(await status(anybody)).toBe(503), patience)
  for (const child of children) {
    expect(await child.probe('/livez')).toEqual({ status: 200, text: 'ok' })
    expect(await child.probe('/readyz')).toEqual({ status: 200, text: 'ok' })
  }
  await Promise.all([toServer.start(), toWorker.start()])
  await Promise.all(children.map((child) => child.untilSaid('Postgres is back')))
  await vi.waitFor(async () => expect(await status(anybody)).toBe(404), patience)
  for (const child of children) {
    const troubles = child.lines.filter(({ level, requestId }) => level === 'warn' && requestId === undefined)
    expect(troubles.map(({ msg }) => msg)).toEqual(['Postgres is away'])
    expect(child.isRunning).toBe(true)
  }
  expect(await Promise.all(children.map((child) => child.stop()))).toEqual([0, 0])
})

test('a server that is told to stop is not ready at once, serves on until it was noticed, and sends clients away', async () => {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await cloneDatabase())
  const env = {
    DATABASE_URL: db.appUrl,
    PEPPER_DIR: await pepperFolder(stack),
    PATH_ORIGIN: 'http://scim.test',
  }
  // Longer than this test lasts: that it serves on must not depend on who is faster.
  const patient = server({ ...env, DRAIN_SECONDS: '300' }, stack)
  const hasty = server({ ...env, DRAIN_SECONDS: '0' }, stack)
  await Promise.all([patient.untilReady(), hasty.untilReady()])
  const anybody = `http://127.0.0.1:${await patient.port('scimPort', 'ready')}/t/nobody/scim/v2/Users`
  expect((await fetch(anybody)).headers.get('connection')).toBe('keep-alive')
  patient.terminate()
  await patient.untilSaid('stopping')
  expect(await patient.probe('/readyz')).toEqual({ status: 503, text: 'stopping' })
  const answer = await fetch(anybody)
  expect(answer.status).toBe(404)
  expect(answer.headers.get('connection')).toBe('close')
  expect(await hasty.stop()).toBe(0)
  expect(hasty.stderr).toBe('')
})
