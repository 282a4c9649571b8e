import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { inTenant, readInTenant, tenantIdOf } from '#directory/tenant-scope.ts'
import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'

const tenant = tenantIdOf(randomUUID())

test('a point read binds text, numbers, booleans, dates, null and lists of text as they are', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const at = new Date('2026-11-22T10:00:00.500Z')
  const list = [
    'plain',
    'a "quoted" one',
    String.raw`back\slash`,
    'two, and {braces}',
    '',
    'new\nline',
    'null',
  ]
  const text = `select $1::text as text, $2::int8 as number, $3::boolean as flag, $4::timestamptz as at,
    $5::text as nothing, to_json($6::text[])::text as list`
  const [row] = await readInTenant<{ readonly list: string }>(app, tenant, {
    text,
    values: ["it's", 42, false, at, null, list],
  })
  expect(row).toMatchObject({ text: "it's", number: 42, flag: false, at, nothing: null })
  expect(JSON.parse(row?.list ?? '')).toEqual(list)
})

test('a value that no point read binds is refused, and the shared connection goes on', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { pipelines: 1 })
  const read = (value: unknown) =>
    readInTenant(app, tenant, { name: 'echo', text: 'select $1::text as echo', values: [value] })
  await expect(read({ an: 'object' })).rejects.toThrow(TypeError)
  expect(await read('text')).toEqual([{ echo: 'text' }])
})

test('a statement that Postgres refused is sent again with the next read of it', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { pipelines: 1 })
  await using owner = await opened(db.ownerUrl)
  const read = () => readInTenant(app, tenant, { name: 'later', text: 'select one from later', values: [] })
  await expect(read()).rejects.toMatchObject({ code: '42P01' })
  await inTenant(owner, tenant, {}, async (scope) => {
    await scope.query({ text: 'create table later as select 1 as one', values: [] })
    await scope.query({ text: 'grant select on later to scim_app', values: [] })
  })
  expect(await read()).toEqual([{ one: 1 }])
  await expect(Promise.all([read(), read(), read()])).resolves.toEqual([
    [{ one: 1 }],
    [{ one: 1 }],
    [{ one: 1 }],
  ])
})

test('reads that are sent before a statement is described get its columns too', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { pipelines: 1 })
  const read = (value: number) =>
    readInTenant(app, tenant, {
      name: 'pair',
      text: 'select $1::int as one, $1::int + 1 as two',
      values: [value],
    })
  const answers = await Promise.all([1, 2, 3].map(read))
  expect(answers).toEqual([1, 2, 3].map((one) => [{ one, two: one + 1 }]))
})

test('more statements than a connection keeps are answered all the same', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { pipelines: 1 })
  const numbers = Array.from({ length: 300 }, (_, index) => index)
  const read = (number: number) =>
    readInTenant(app, tenant, { text: `select ${String(number)} as "column${String(number)}"`, values: [] })
  for (let round = 0; round < 2; round += 1) {
    const answers = await Promise.all(numbers.map(read))
    expect(answers).toEqual(numbers.map((number) => [{ [`column${String(number)}`]: number }]))
  }
})

test('each read on a shared connection runs under its own tenant, also behind one that failed', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { pipelines: 1 })
  const other = tenantIdOf(randomUUID())
  const text = `select current_setting('scim.tenant') as tenant`
  const tenants = [tenant, tenant, other, other, tenant, other]
  const answers = await Promise.all(tenants.map((one) => readInTenant(app, one, { text, values: [] })))
  expect(answers).toEqual(tenants.map((one) => [{ tenant: one }]))
  // A read that fails takes its own work back, not the setting that those behind it rely on.
  const outcomes = await Promise.allSettled([
    readInTenant(app, other, { text: 'select 1 / 0', values: [] }),
    readInTenant(app, other, { text, values: [] }),
  ])
  expect(outcomes).toMatchObject([{ status: 'rejected' }, { value: [{ tenant: other }] }])
})

test('while no connection can be had one read waits for the next attempt, and all others are told at once', async () => {
  await using db = await cloneDatabase()
  await using proxy = await tcpProxy(db.appUrl)
  await using app = await opened(proxy.url, { pipelines: 1 })
  const read = () => readInTenant(app, tenant, { text: 'select 1 as one', values: [] })
  proxy.freeze()
  await expect(read()).rejects.toBeInstanceOf(DatabaseUnavailableError)

  await vi.waitFor(
    async () => {
      let isOver = false
      const attempt = read().finally(() => {
        isOver = true
      })
      attempt.catch(() => undefined)
      await expect(read()).rejects.toBeInstanceOf(DatabaseUnavailableError)
      // Over too as long as it is too early for an attempt.
      expect(isOver).toBe(false)
    },
    { timeout: 30_000 },
  )
  await proxy.stop()
  await proxy.start()
  await vi.waitFor(async () => expect(await read()).toEqual([{ one: 1 }]), { timeout: 30_000 })
})
