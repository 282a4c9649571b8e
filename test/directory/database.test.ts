import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { openDirectory } from '#directory/database.ts'
import { migrate, schemaIsCurrent } from '#directory/migrate.ts'
import { takeEpoch } from '#directory/owner.ts'
import { inTenant, readInTenant, tenantIdOf } from '#directory/tenant-scope.ts'
import { putTenant } from '#directory/tenant-writes.ts'
import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { newTenant, opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'

const tenant = tenantIdOf(randomUUID())
const patience = { timeout: 30_000 }
const statement = { text: 'select 1 as one', values: [] }

test('while Postgres is away every call fails with one type, and works again without a restart', async () => {
  await using db = await cloneDatabase()
  await using proxy = await tcpProxy(db.ownerUrl)
  await using directory = await opened(proxy.url)
  const owner = await takeEpoch(directory)
  const calls = {
    read: () => readInTenant(directory, tenant, statement),
    transaction: () => inTenant(directory, tenant, {}, (scope) => scope.query(statement)),
    schema: () => schemaIsCurrent(directory),
    write: () => putTenant(owner, newTenant()),
  }
  for (const call of Object.values(calls)) await call()
  await proxy.stop()
  for (const call of Object.values(calls)) {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(call()).rejects.toThrow(DatabaseUnavailableError)
    }
  }
  await proxy.start()
  // A pause after failed attempts may still be running.
  await vi.waitFor(calls.read, patience)
  for (const call of Object.values(calls)) await call()
})

test('reads and transactions under way when Postgres goes away fail with that type too', async () => {
  await using db = await cloneDatabase()
  await using proxy = await tcpProxy(db.appUrl)
  await using directory = await opened(proxy.url)
  const slow = { text: 'select pg_sleep(20)', values: [] }
  const calls = [
    ...Array.from({ length: 8 }, () => readInTenant(directory, tenant, slow)),
    ...Array.from({ length: 3 }, () => inTenant(directory, tenant, {}, (scope) => scope.query(slow))),
  ].map((call) => call.catch((error: unknown) => error))
  await sleep(300)
  await proxy.stop()
  for (const outcome of await Promise.all(calls)) expect(outcome).toBeInstanceOf(DatabaseUnavailableError)
  await proxy.start()
  const read = async () => expect(await readInTenant(directory, tenant, statement)).toEqual([{ one: 1 }])
  await vi.waitFor(read, patience)
})

test('connections that Postgres itself ends are replaced unnoticed', async () => {
  await using db = await cloneDatabase()
  await using admin = await opened(db.adminUrl)
  const seen: unknown[] = []
  await using directory = await opened(db.appUrl, { onError: (error) => seen.push(error) })
  await Promise.all([1, 2, 3, 4].map(() => readInTenant(directory, tenant, statement)))
  await inTenant(directory, tenant, {}, (scope) => scope.query(statement))
  const ended = await inTenant(admin, tenant, {}, (scope) =>
    scope.query({
      text: `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'scim_app' and datname = current_database()`,
      values: [],
    }),
  )
  await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(ended.length), patience)
  expect(await readInTenant(directory, tenant, statement)).toEqual([{ one: 1 }])
  await inTenant(directory, tenant, {}, (scope) => scope.query(statement))
})

test('a network that swallows everything is noticed after the statement timeout, and then left behind', async () => {
  await using db = await cloneDatabase()
  await using proxy = await tcpProxy(db.appUrl)
  await using directory = await opened(proxy.url, { statementTimeoutMs: 200, pipelines: 1 })
  await readInTenant(directory, tenant, statement)
  await inTenant(directory, tenant, {}, (scope) => scope.query(statement))
  proxy.freeze()
  const calls = [
    readInTenant(directory, tenant, statement),
    inTenant(directory, tenant, {}, (scope) => scope.query(statement)),
  ]
  for (const call of calls) await expect(call).rejects.toThrow(DatabaseUnavailableError)
  await proxy.stop()
  await proxy.start()
  const read = async () => expect(await readInTenant(directory, tenant, statement)).toEqual([{ one: 1 }])
  await vi.waitFor(read, patience)
  await inTenant(directory, tenant, {}, (scope) => scope.query(statement))
})

test('a statement that takes longer than the timeout is cancelled by Postgres', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.appUrl, { statementTimeoutMs: 100 })
  const slow = { text: 'select pg_sleep(30)', values: [] }
  await expect(inTenant(directory, tenant, {}, (scope) => scope.query(slow))).rejects.toMatchObject({
    code: '57014',
  })
  await expect(readInTenant(directory, tenant, slow)).rejects.toMatchObject({ code: '57014' })
})

test('a directory opens while Postgres is away, and closes too', async () => {
  const url = 'postgres://nobody:x@127.0.0.1:9/none'
  {
    await using directory = await openDirectory({ url, applicationName: 'scim-test' })
    await expect(readInTenant(directory, tenant, statement)).rejects.toThrow(DatabaseUnavailableError)
    await expect(schemaIsCurrent(directory)).rejects.toThrow(DatabaseUnavailableError)
    await expect(takeEpoch(directory)).rejects.toThrow(DatabaseUnavailableError)
  }
  await expect(migrate(url)).rejects.toThrow(DatabaseUnavailableError)
})

test('a server that refuses the connection for good is not taken for an absent one', async () => {
  await using db = await cloneDatabase()
  const url = new URL(db.appUrl)
  url.pathname = '/no_such_database'
  await using directory = await opened(url.href)
  const refused = { code: '3D000' }
  await expect(readInTenant(directory, tenant, statement)).rejects.toMatchObject(refused)
  const write = inTenant(directory, tenant, {}, (scope) => scope.query(statement))
  await expect(write).rejects.toMatchObject(refused)
})

test('a closed directory leaves no connection and takes no further call', async () => {
  await using db = await cloneDatabase()
  await using admin = await opened(db.adminUrl)
  const directory = await opened(db.appUrl)
  await Promise.all([1, 2, 3].map(() => readInTenant(directory, tenant, statement)))
  await inTenant(directory, tenant, {}, (scope) => scope.query(statement))
  await directory[Symbol.asyncDispose]()
  const open = `select from pg_stat_activity where usename = 'scim_app' and datname = current_database()`
  const left = () => inTenant(admin, tenant, {}, (scope) => scope.query({ text: open, values: [] }))
  await vi.waitFor(async () => expect(await left()).toEqual([]), patience)
  await expect(readInTenant(directory, tenant, statement)).rejects.toThrow('closed')
  await expect(inTenant(directory, tenant, {}, (scope) => scope.query(statement))).rejects.toThrow(Error)
})
