import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { inTenant, tenantIdOf } from '#directory/tenant-scope.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

const tenant = tenantIdOf(randomUUID())
const inOne = { isOneStatement: true }
const constant = (name: string, text: string, values: readonly unknown[] = []) => ({ name, text, values })

test('statements of one flight see what came before them, and are one transaction', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { poolSize: 1 })
  const id = constant('own_id', 'select pg_current_xact_id()::text as id, $1::text as text', ['a'])
  const setting = constant('own_setting', `select current_setting('scim.tenant') as tenant`)
  for (let time = 0; time < 3; time += 1) {
    const [[first], [second], [third]] = await inTenant(app, tenant, inOne, (scope) =>
      Promise.all([
        scope.query<{ id: string; text: string }>(id),
        scope.query<{ id: string; text: string }>({ ...id, values: ['b'] }),
        scope.query(setting),
      ]),
    )
    expect(second?.id).toBe(first?.id)
    expect([first?.text, second?.text, third]).toEqual(['a', 'b', { tenant }])
  }
})

test('a flight of which one statement fails writes nothing, tells whose error it was, and can be sent again', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { poolSize: 1 })
  const insert = constant(
    'insert_one',
    `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
      values ($1, $2, 'User', $3, '{}', '{}', 1, now(), now())`,
  )
  const divide = constant('divide', 'select 1 / $1::integer as share')
  const outcomes: PromiseSettledResult<unknown>[] = []
  const fly = (key: string, divisor: number) =>
    inTenant(app, tenant, inOne, async (scope) => {
      const settled = await Promise.allSettled([
        scope.query({ ...insert, values: [tenant, randomUUID(), key] }),
        scope.query({ ...divide, values: [divisor] }),
        scope.query(constant('behind', 'select 1 as one')),
      ])
      outcomes.push(...settled)
    })
  // The work keeps the error to itself.
  await expect(fly('dropped', 0)).rejects.toThrow('rolled back')
  await fly('kept', 1)
  expect(outcomes).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: '22012' } },
    { status: 'rejected', reason: { code: '22012' } },
    { status: 'fulfilled', value: [] },
    { status: 'fulfilled', value: [{ share: 1 }] },
    { status: 'fulfilled', value: [{ one: 1 }] },
  ])
  const keys = await inTenant(app, tenant, inOne, (scope) =>
    scope.query({ text: 'select unique_key as key from resource', values: [] }),
  )
  expect(keys).toEqual([{ key: 'kept' }])
})

test('a flight binds text, numbers, booleans, dates, null and lists of them', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const at = new Date('2026-11-22T10:00:00.123Z')
  const list = ['a,b', '"quoted"', String.raw`back\slash`, '', 'NULL', null]
  const [row] = await inTenant(app, tenant, inOne, (scope) =>
    scope.query({
      text: `select $1::text as text, $2::integer as number, $3::boolean as flag, $4::timestamptz as at,
        $5::text as nothing, $6::text[] as list, $7::integer[] as numbers, $8::text[] as empty`,
      values: ['Zoë', 3, true, at, null, list, [1, 2], []],
    }),
  )
  const rest = { text: 'Zoë', number: 3, flag: true, at, nothing: null }
  expect(row).toEqual({ ...rest, list, numbers: [1, 2], empty: [] })
})

test('a value that no parser takes is the error of its statement, and the connection goes on', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { poolSize: 1 })
  const read = (text: string) => inTenant(app, tenant, inOne, (scope) => scope.query({ text, values: [] }))
  await expect(read('select 9007199254740992::bigint as big')).rejects.toThrow(RangeError)
  expect(await read('select 1 as one')).toEqual([{ one: 1 }])
})

test('an aborted flight ends its statement in Postgres and wrote nothing', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const abort = new AbortController()
  const running = inTenant(app, tenant, { ...inOne, signal: abort.signal }, (scope) =>
    scope.query({ text: 'select pg_sleep(60)', values: [] }),
  )
  const sleepers = {
    text: `select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(60)'`,
    values: [],
  }
  const count = () => inTenant(app, tenant, {}, async (scope) => (await scope.query(sleepers)).length)
  await expect.poll(count, { timeout: 20_000 }).toBe(1)
  abort.abort(new Error('the client went away'))
  await expect(running).rejects.toThrow('the client went away')
  await expect.poll(count, { timeout: 20_000 }).toBe(0)
})
