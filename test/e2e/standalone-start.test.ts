import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { listen } from '#platform/listen.ts'
import { emptyDatabase } from '#test/kit/postgres.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'standalone-'))
  // The embedded Postgres of a product started by root runs as another user, which must reach its data.
  await chmod(folder, 0o711)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs standalone (on an empty manifests folder) until it ends; `whileUp` ends it. */
const start = (
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: unknown; readonly stderr: string }> =>
  new Promise((resolve) => {
    const ports = ['--scim-port', '0', '--directory-port', '0', '--ops-port', '0']
    execFile(
      process.execPath,
      [
        'src/standalone/main.ts',
        '--manifests',
        folder,
        '--state',
        join(folder, '.state'),
        ...ports,
        ...flags,
      ],
      { env: { PATH: process.env['PATH'], ...env }, timeout: 180_000 },
      (error, _stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stderr }),
    )
  })

test('an occupied port is one sentence with its flag, and Postgres is not left behind', async () => {
  await using stack = new AsyncDisposableStack()
  const other = stack.adopt(createServer(), (server) => void server.close())
  const port = await listen(other, 0)
  expect(await start(['--scim-port', String(port)])).toEqual({
    code: 1,
    stderr: `Port ${port} (--scim-port) is in use by another program: stop it, or choose another port (0 takes a free one).\n`,
  })
  expect(await readdir(join(folder, '.state', 'postgres', 'data'))).not.toContain('postmaster.pid')
})

test('mistakes in flags and folders are one sentence each, before anything is started', async () => {
  expect(await start(['--ops-port', 'x', '--what', '1'])).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^There is no flag --what; .*\n"1" belongs to no flag\.\n--ops-port must be a port .*\n$/,
    ),
  })
  expect(await start(['--manifests', join(folder, 'nowhere')])).toEqual({
    code: 1,
    stderr: `There is no folder ${folder}/nowhere: make it, or name the folder of your manifests with --manifests.\n`,
  })
  await writeFile(join(folder, 'taken'), '')
  expect(await start(['--state', join(folder, 'taken')])).toEqual({
    code: 1,
    stderr: `The state folder ${folder}/taken is a file, or lies below one.\n`,
  })
})

test('data of another Postgres release are refused with both releases', async () => {
  const data = join(folder, '.state', 'postgres', 'data')
  await mkdir(data, { recursive: true })
  await writeFile(join(folder, '.state', 'version.json'), '{"version":1}')
  await writeFile(join(data, 'PG_VERSION'), '14\n')
  expect(await start([])).toEqual({
    code: 1,
    stderr: `The data in ${data} is of Postgres 14, but this release brings Postgres 18: start the release that wrote it, or move the data with pg_dump.\n`,
  })
})

test('a Postgres of your own is used where its URLs are given, and none is embedded', async () => {
  await using database = await emptyDatabase()
  await using stack = new AsyncDisposableStack()
  const other = stack.adopt(createServer(), (server) => void server.close())
  // The ports are opened after the migration, so a start that fails there shows that the database was reached.
  const port = await listen(other, 0)
  const { stderr } = await start(['--directory-port', String(port)], {
    DATABASE_OWNER_URL: database.ownerUrl,
    DATABASE_URL: database.appUrl,
    WORKER_DATABASE_URL: database.workerUrl,
  })
  expect(stderr).toContain(`Port ${port} (--directory-port) is in use`)
  expect(await readdir(join(folder, '.state'))).not.toContain('postgres')
})
