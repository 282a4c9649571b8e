import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import type { Directory } from '#directory/database.ts'
import {
  inTenant,
  readInTenant,
  tenantIdOf,
  type TenantId,
  type TenantScope,
} from '#directory/tenant-scope.ts'
import { sqlState } from '#directory/unavailable.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'

const aTenantId = () => tenantIdOf(randomUUID())

/** Writes a user whose key is the tenant, so that a row tells whose it is. */
async function insertUser(scope: TenantScope, key: string = scope.tenantId): Promise<string> {
  const id = randomUUID()
  await scope.query({
    text: `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
           values ($1, $2, 'User', $3, '{}', '{}', 1, now(), now())`,
    values: [scope.tenantId, id, key],
  })
  return id
}

const keysOf = { text: 'select unique_key as key from resource', values: [] }

test.for(['', 'acme', '2819c223-7f76-453a-919d-413861904646 ', `2819c223-7f76-453a-919d-41386190464'`])(
  'text that is no uuid is no tenant: %j',
  (text) => {
    expect(() => tenantIdOf(text)).toThrow(TypeError)
  },
)

test('what a transaction wrote is there afterwards, and nothing of it when its work throws', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenant = aTenantId()
  await inTenant(app, tenant, {}, (scope) => insertUser(scope, 'kept'))
  const failure = new Error('the caller refuses')
  await expect(
    inTenant(app, tenant, {}, async (scope) => {
      await insertUser(scope, 'dropped')
      throw failure
    }),
  ).rejects.toBe(failure)
  expect(await readInTenant(app, tenant, keysOf)).toEqual([{ key: 'kept' }])
})

test('int8 arrives as a number, a timestamp as a date, a date as its text, and one too big for a number is an error', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const read = (text: string) => readInTenant(app, aTenantId(), { text, values: [] })
  expect(
    await read(`select 9007199254740991::bigint as big, timestamptz '2026-11-22T10:00:00.5Z' as at,
      date '2026-11-22' as day, '{"a":1}'::jsonb::text as json, count(*) as count from resource`),
  ).toEqual([
    {
      big: 9007199254740991,
      at: new Date('2026-11-22T10:00:00.500Z'),
      day: '2026-11-22',
      json: '{"a": 1}',
      count: 0,
    },
  ])
  await expect(read('select 9007199254740992::bigint as big')).rejects.toThrow(RangeError)
  expect(await read('select 1 as one')).toEqual([{ one: 1 }])
})

test('a transaction takes two round trips, and one when it is one statement', async () => {
  await using db = await cloneDatabase()
  await using proxy = await tcpProxy(db.appUrl)
  await using app = await opened(proxy.url, { poolSize: 1 })
  const statement = { text: 'select 1', values: [] }
  const roundTrips = async (
    options: { isOneStatement?: boolean },
    work: (scope: TenantScope) => Promise<unknown>,
  ): Promise<number> => {
    const before = proxy.turns
    await inTenant(app, aTenantId(), options, work)
    return proxy.turns - before
  }
  await roundTrips({}, (scope) => scope.query(statement))
  // What is sent at one go arrives before the answer to its beginning.
  proxy.delay(300)
  const one = await roundTrips({ isOneStatement: true }, (scope) => scope.query(statement))
  const two = await roundTrips({}, (scope) => scope.batch([statement, statement, statement]))
  expect([one, two]).toEqual([1, 2])
})

test('a statement whose error was swallowed does not pass for a commit', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenant = aTenantId()
  await expect(
    inTenant(app, tenant, {}, async (scope) => {
      await insertUser(scope)
      await scope.query({ text: 'select 1/0', values: [] }).catch(() => undefined)
    }),
  ).rejects.toThrow('rolled back')
  expect(await readInTenant(app, tenant, keysOf)).toEqual([])
})

test('a scope is refused once its transaction has ended, committed or not', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const kept: TenantScope[] = []
  await inTenant(app, aTenantId(), {}, async (scope) => void kept.push(scope))
  await inTenant(app, aTenantId(), {}, async (scope) => {
    kept.push(scope)
    throw new Error('no')
  }).catch(() => undefined)
  expect(kept).toHaveLength(2)
  for (const scope of kept) await expect(scope.query(keysOf)).rejects.toThrow('has ended')
})

test('the tenant of one transaction is gone in the next one on the same connection', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { poolSize: 1 })
  const tenant = aTenantId()
  await inTenant(app, tenant, {}, insertUser)
  expect(await withClient(app, (query) => query(keysOf.text))).toEqual([])
  expect(await inTenant(app, aTenantId(), {}, (scope) => scope.query(keysOf))).toEqual([])
})

test('transactions that deadlock are run again until each has committed', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenant = aTenantId()
  const one = await inTenant(app, tenant, {}, (scope) => insertUser(scope, 'one'))
  const two = await inTenant(app, tenant, {}, (scope) => insertUser(scope, 'two'))
  let [runs, holders] = [0, 0]
  const { promise: bothHoldOne, resolve } = Promise.withResolvers<void>()
  const bump = (first: string, second: string) =>
    inTenant(app, tenant, {}, async (scope) => {
      runs += 1
      const text = 'update resource set version = version + 1 where id = $1'
      await scope.query({ text, values: [first] })
      holders += 1
      if (holders === 2) resolve()
      await bothHoldOne
      await scope.query({ text, values: [second] })
    })
  await Promise.all([bump(one, two), bump(two, one)])
  // Postgres may find both guilty, each at its own look for deadlocks.
  expect(runs).toBeGreaterThan(2)
  const versions = await readInTenant(app, tenant, { text: 'select version from resource', values: [] })
  expect(versions).toEqual([{ version: 3 }, { version: 3 }])
})

test('serialization failures are retried as often as asked, and no other error is', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const attempts = async (state: string): Promise<number> => {
    let runs = 0
    const raise = { text: `do $$ begin raise exception 'no' using errcode = '${state}'; end $$`, values: [] }
    const failed = inTenant(app, aTenantId(), { retries: 2 }, async (scope) => {
      runs += 1
      await scope.query(raise)
    })
    await expect(failed).rejects.toMatchObject({ code: state })
    return runs
  }
  expect(await attempts('40001')).toBe(3)
  expect(await attempts('23505')).toBe(1)
})

test('an aborted transaction ends its statement in Postgres and wrote nothing', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenant = aTenantId()
  const abort = new AbortController()
  const running = inTenant(app, tenant, { signal: abort.signal }, async (scope) => {
    await insertUser(scope)
    await scope.query({ text: 'select pg_sleep(600)', values: [] })
  })
  await eventually(async () => expect(await sleepers(app)).toBe(1))
  abort.abort(new Error('the client went away'))
  await expect(running).rejects.toThrow('the client went away')
  await eventually(async () => expect(await sleepers(app)).toBe(0))
  expect(await readInTenant(app, tenant, keysOf)).toEqual([])
})

test('a transaction aborted before it begins, or between two statements, does nothing more', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenant = aTenantId()
  await expect(
    inTenant(app, tenant, { signal: AbortSignal.abort(new Error('early')) }, insertUser),
  ).rejects.toThrow('early')
  const abort = new AbortController()
  await expect(
    inTenant(app, tenant, { signal: abort.signal }, async (scope) => {
      await insertUser(scope)
      abort.abort(new Error('between'))
      await insertUser(scope, 'second')
    }),
  ).rejects.toThrow('between')
  expect(await readInTenant(app, tenant, keysOf)).toEqual([])
})

test('after many aborted transactions the pool still serves, and to nobody a foreign cancellation', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenant = aTenantId()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, async (_, index) => {
      const signal = index % 3 === 0 ? AbortSignal.timeout(index % 7) : undefined
      await inTenant(app, tenant, signal === undefined ? {} : { signal }, async (scope) => {
        await insertUser(scope, String(index))
        await scope.query({ text: 'select pg_sleep(0.01)', values: [] })
      })
    }),
  )
  const failed = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [{ index, outcome }] : [],
  )
  expect(failed.filter(({ index }) => index % 3 !== 0)).toEqual([])
  expect(failed.filter(({ outcome }) => outcome.reason.name !== 'TimeoutError')).toEqual([])
  const written = await readInTenant<{ key: string }>(app, tenant, keysOf)
  const succeeded = outcomes.flatMap((outcome, index) =>
    outcome.status === 'fulfilled' ? [String(index)] : [],
  )
  expect(written.map(({ key }) => key).toSorted()).toEqual(succeeded.toSorted())
})

test('thousands of interleaved reads of many tenants never see each other, not even next to failing ones', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  const tenants = Array.from({ length: 20 }, aTenantId)
  for (const tenant of tenants) await inTenant(app, tenant, {}, insertUser)
  const wrong = { text: `select 1 / (length(unique_key) - 36) from resource`, values: [] }
  const outcomes = await Promise.all(
    Array.from({ length: 6_000 }, async (_, index) => {
      const tenant = tenants[index % tenants.length] ?? aTenantId()
      const answer = await readInTenant(app, tenant, index % 97 === 0 ? wrong : keysOf).catch(sqlState)
      return { answer, tenant, isWrong: index % 97 === 0 }
    }),
  )
  expect(outcomes).toEqual(
    outcomes.map(({ tenant, isWrong }) => ({
      answer: isWrong ? '22012' : [{ key: tenant }],
      tenant,
      isWrong,
    })),
  )
})

test('behind a transaction pooler reads are transactions of their own, and leave no tenant behind', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl, { isPooled: true, poolSize: 2 })
  const tenants = Array.from({ length: 10 }, aTenantId)
  for (const tenant of tenants) await inTenant(app, tenant, {}, insertUser)
  await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const tenant: TenantId = tenants[index % tenants.length] ?? aTenantId()
      const statement = { ...keysOf, name: 'would_be_prepared' }
      expect(await readInTenant(app, tenant, statement)).toEqual([{ key: tenant }])
    }),
  )
  const left = `select current_setting('scim.tenant', true) as tenant, (select count(*) from pg_prepared_statements) as names`
  expect(await withClient(app, (query) => query(left))).toEqual([{ tenant: '', names: 0 }])
})

test('an aborted read is answered while its statement still waits', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await inTenant(app, aTenantId(), {}, async (scope) => {
    await scope.query({ text: 'select pg_advisory_xact_lock(1)', values: [] })
    const waiting = { text: 'select pg_advisory_xact_lock_shared(1)', values: [] }
    await expect(
      readInTenant(app, aTenantId(), waiting, { signal: AbortSignal.timeout(20) }),
    ).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

function sleepers(directory: Directory): Promise<number> {
  return withClient(directory, async (query) => {
    const rows = await query(
      `select from pg_stat_activity where state <> 'idle' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()
       and datname = current_database()`,
    )
    return rows.length
  })
}

async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await check()
    } catch (error) {
      if (attempt === 1000) throw error
      await sleep(30)
    }
  }
}
