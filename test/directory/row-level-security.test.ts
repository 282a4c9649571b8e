import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import type { Directory } from '#directory/database.ts'
import { exemptTables } from '#directory/row-level-security.ts'
import { inTenant, tenantIdOf, type TenantId } from '#directory/tenant-scope.ts'
import { sqlState } from '#directory/unavailable.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { fill, tenantTables } from '#test/kit/rows.ts'

const aTenantId = () => tenantIdOf(randomUUID())

interface Catalog {
  readonly table: string
  readonly isPartition: boolean
  readonly isEnabled: boolean
  readonly isForced: boolean
  readonly policies: readonly string[]
}

/** Every table of the schema, from the catalogs: a table that somebody forgot is in it too. */
function catalog(owner: Directory): Promise<Catalog[]> {
  return withClient(owner, (query) =>
    query<Catalog>(
      `select relname as table, relispartition as "isPartition", relrowsecurity as "isEnabled",
         relforcerowsecurity as "isForced",
         array(select polname::text from pg_policy where polrelid = pg_class.oid order by polname) as policies
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname`,
    ),
  )
}

test('every table is under the tenant policy or on the list of exempt ones, and the list is complete', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const tables = await catalog(owner)
  const underPolicy = tables.filter(({ policies }) => policies.includes('tenant_only'))
  expect(underPolicy.map(({ table }) => table)).toEqual([...tenantTables].toSorted())
  for (const { isEnabled, isForced, policies } of underPolicy) {
    expect({ isEnabled, isForced, policies }).toEqual({
      isEnabled: true,
      isForced: true,
      policies: ['owner_sees_all', 'tenant_only'],
    })
  }
  const others = tables.filter(
    ({ table, isPartition }) => !isPartition && !underPolicy.some((one) => one.table === table),
  )
  expect(others.map(({ table }) => table)).toEqual(exemptTables.map(({ table }) => table).toSorted())
  expect(exemptTables.every(({ reason }) => reason.length > 20)).toBe(true)
})

test('partitions of the change log are shut to everybody but the owner', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const partitions = (await catalog(owner)).filter(({ isPartition }) => isPartition)
  expect(partitions.length).toBeGreaterThan(7)
  for (const { table, isEnabled, isForced, policies } of partitions) {
    expect({ isEnabled, isForced, policies }).toEqual({
      isEnabled: true,
      isForced: true,
      policies: ['owner_sees_all'],
    })
    for (const url of [db.appUrl, db.workerUrl]) {
      await using directory = await opened(url)
      expect(await failureOf(directory, aTenantId(), `select from ${table}`)).toBe('42501')
    }
  }
})

test.for(['appUrl', 'workerUrl'] as const)(
  'a role of %s sees of every table the rows of its tenant, and without a tenant none',
  async (role) => {
    await using db = await cloneDatabase()
    await using owner = await opened(db.ownerUrl)
    await using directory = await opened(db[role])
    const [mine, theirs] = [aTenantId(), aTenantId()]
    await fill(owner, mine)
    await fill(owner, theirs)
    for (const table of tenantTables) {
      if (role === 'workerUrl' && table === 'token') continue
      const text = `select distinct tenant_id from ${table}`
      const query = { text, values: [] }
      expect(await inTenant(directory, mine, {}, (scope) => scope.query(query))).toEqual([
        { tenant_id: mine },
      ])
      expect(await inTenant(directory, aTenantId(), {}, (scope) => scope.query(query))).toEqual([])
      expect(await withClient(directory, (run) => run(text))).toEqual([])
      expect(await withEmptySetting(directory, text)).toEqual([])
    }
  },
)

test('the worker cannot read tokens at all', async () => {
  await using db = await cloneDatabase()
  await using worker = await opened(db.workerUrl)
  expect(await failureOf(worker, aTenantId(), 'select from token')).toBe('42501')
  expect(await failureOf(worker, aTenantId(), `select token_by_id('x')`)).toBe('42501')
})

test('a row of another tenant cannot be written: inserted, taken over or given away', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  const [mine, theirs] = [aTenantId(), aTenantId()]
  await fill(owner, mine)
  await fill(owner, theirs)
  const foreign = `('${theirs}', gen_random_uuid()`
  const inserts = [
    `insert into resource values ${foreign}, 'User', 'x', null, null, true, '{}', '{}', 1, now(), now())`,
    `insert into email values ${foreign}, 0, null, 'x')`,
    `insert into membership values ${foreign}, gen_random_uuid())`,
    `insert into pending_member values ${foreign}, 'x')`,
    `insert into pending (tenant_id, resource_id, since) values ${foreign}, now())`,
    `insert into change (tenant_id, id, at, ordinal, actor, request_id, action, resource_type, resource_id, detail)
       values ${foreign}, now(), 0, '', '', '', '', gen_random_uuid(), '{}')`,
  ]
  for (const insert of inserts) expect(await failureOf(app, mine, insert)).toBe('42501')
  expect(await failureOf(app, mine, `update resource set tenant_id = '${theirs}'`)).toBe('42501')
  const taken = await inTenant(app, mine, {}, (scope) =>
    scope.query({
      text: `update resource set version = 9 where tenant_id = $1 returning id`,
      values: [theirs],
    }),
  )
  expect(taken).toEqual([])
})

test('servers and workers can neither change the tables without policy nor see where tokens lead', async () => {
  await using db = await cloneDatabase()
  for (const url of [db.appUrl, db.workerUrl]) {
    await using directory = await opened(url)
    for (const { table } of exemptTables) {
      const statements = [`delete from ${table}`, `insert into ${table} default values`, `truncate ${table}`]
      for (const statement of statements)
        expect(await failureOf(directory, aTenantId(), statement)).toBe('42501')
    }
    expect(await failureOf(directory, aTenantId(), 'select from token_tenant')).toBe('42501')
    expect(await failureOf(directory, aTenantId(), 'create table mine (id int)')).toBe('42501')
  }
})

test('no role of the product is a superuser or passes row-level security', async () => {
  await using db = await cloneDatabase()
  for (const url of [db.ownerUrl, db.appUrl, db.workerUrl]) {
    await using directory = await opened(url)
    const [role] = await withClient(directory, (query) =>
      query(
        'select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user',
      ),
    )
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })
  }
  for (const url of [db.appUrl, db.workerUrl]) {
    await using directory = await opened(url)
    for (const attempt of [
      'set row_security = off',
      'set role scim_test_owner',
      'alter table resource disable row level security',
    ]) {
      const seen = await withClient(directory, async (query) => {
        await query(attempt)
        return query('select from resource')
      }).catch((error: unknown) => sqlState(error))
      // Refused, or (row_security = off) the read itself fails rather than show more.
      expect(seen).toBe('42501')
    }
  }
})

test('every key, unique constraint, foreign key, its target and index of tenant data leads with the tenant', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const found = await withClient(owner, (query) =>
    query<{ table: string; name: string; column: string; kind: string }>(
      `select relname as table, pg_constraint.conname as name, attname as column, 'foreign key' as kind
         from pg_constraint join pg_class on pg_class.oid = conrelid
         join pg_attribute on attrelid = conrelid and attnum = conkey[1]
         where contype = 'f' and relnamespace = 'public'::regnamespace
       union all
       select relname, conname, attname, 'its target'
         from pg_constraint join pg_class on pg_class.oid = conrelid
         join pg_attribute on attrelid = confrelid and attnum = confkey[1]
         where contype = 'f' and relnamespace = 'public'::regnamespace
       union all
       select relname, indexrelid::regclass::text, pg_get_indexdef(indexrelid, 1, true), 'index'
         from pg_index join pg_class on pg_class.oid = indrelid where relnamespace = 'public'::regnamespace
       union all
       select relname, conname, pg_get_constraintdef(pg_constraint.oid), 'other'
         from pg_constraint join pg_class on pg_class.oid = conrelid
         where contype not in ('p', 'u', 'f', 'c', 'n') and relnamespace = 'public'::regnamespace`,
    ),
  )
  const exempt = new Set(exemptTables.map(({ table }) => table))
  const ofTenants = found.filter(({ table }) => !exempt.has(table))
  expect(ofTenants.length).toBeGreaterThan(30)
  expect(ofTenants.filter(({ column }) => column !== 'tenant_id')).toEqual([])
})

test('no table of tenant data has a sequence or hangs on the row of its tenant', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const sequences = await withClient(owner, (query) =>
    query(`select relname from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace`),
  )
  expect(sequences).toEqual([{ relname: 'mikro_orm_migrations_id_seq' }])
  const keys = await withClient(owner, (query) =>
    query(`select conname from pg_constraint where contype = 'f' and confrelid = 'tenant'::regclass`),
  )
  expect(keys).toEqual([])
})

test('text in keys and indexes is ordered by code point, not by locale', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const localised = await withClient(owner, (query) =>
    query(
      `select indexrelid::regclass::text as index from pg_index, unnest(indcollation) as used(collation_id)
       join pg_collation on pg_collation.oid = collation_id
       where collname <> 'C'
         and (select relnamespace from pg_class where oid = indrelid) = 'public'::regnamespace`,
    ),
  )
  expect(localised).toEqual([])
})

test('under row-level security the tenant is an index condition that is computed once', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  const tenant = await manyUsers(owner)
  const plan = async (where: string): Promise<string> => {
    const text = `explain (analyze, costs off, timing off, summary off) select id from resource where ${where}`
    const rows = await inTenant(app, tenant, {}, (scope) =>
      scope.query<{ 'QUERY PLAN': string }>({ text, values: [] }),
    )
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  }
  const byKey = await plan(`tenant_id = '${tenant}' and type = 'User' and unique_key = 'user 500'`)
  expect(byKey).toMatch(/One-Time Filter: .*current_setting/)
  expect(byKey).toMatch(/Index Cond: .*tenant_id = .*unique_key = 'user 500'/)
  expect(byKey).not.toContain('Rows Removed')
  // The second lock alone, should a statement ever forget to name the tenant.
  const unnamed = await plan(`type = 'User' and unique_key = 'user 500'`)
  expect(unnamed).toMatch(/Index Cond: .*tenant_id = .*current_setting.*unique_key = 'user 500'/)
  expect(unnamed).not.toContain('Rows Removed')
})

test('candidate functions give ids of the tenant of the transaction only, by the trigram index', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  const tenant = await manyUsers(owner)
  const other = await manyUsers(owner)
  const ids = (scope: TenantId, name: string, pattern: string) =>
    inTenant(app, scope, {}, (inside) =>
      inside.query<{ id: string }>({ text: `select ${name}($1) as id`, values: [pattern] }),
    )
  for (const name of ['resource_ids_by_unique_key', 'resource_ids_by_display_key', 'resource_ids_by_email']) {
    const [one, two] = [await ids(tenant, name, '%user 500%'), await ids(other, name, '%user 500%')]
    expect([one.length, two.length]).toEqual([1, 1])
    expect(one).not.toEqual(two)
  }
  expect(
    await withClient(app, (query) => query(`select resource_ids_by_unique_key('%user%') as id`)),
  ).toEqual([])
})

test('the evaluation finds tenants with pending work without seeing their data', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using worker = await opened(db.workerUrl)
  const waiting = [aTenantId(), aTenantId(), aTenantId()].toSorted()
  for (const tenant of waiting) await fill(owner, tenant)
  const [done] = waiting
  await withClient(owner, async (query) => {
    await query('delete from pending where tenant_id = $1', [done])
    await query('update policy_state set generation = 1 where tenant_id = $1', [done])
  })
  const found = await withClient(worker, (query) =>
    query<{ id: string }>('select tenants_with_pending() as id'),
  )
  expect(found.map(({ id }) => id).toSorted()).toEqual(waiting.slice(1))
  await using app = await opened(db.appUrl)
  expect(await failureOf(app, aTenantId(), 'select tenants_with_pending()')).toBe('42501')
})

async function failureOf(
  directory: Directory,
  tenantId: TenantId,
  text: string,
): Promise<string | undefined> {
  return inTenant(directory, tenantId, {}, (scope) => scope.query({ text, values: [] })).then(
    () => undefined,
    (error: unknown) => sqlState(error),
  )
}

function withEmptySetting(directory: Directory, text: string): Promise<unknown[]> {
  return withClient(directory, async (query) => {
    await query(`select set_config('scim.tenant', '', false)`)
    return query(text)
  })
}

/** A tenant with a thousand users, statistics up to date. */
async function manyUsers(owner: Directory): Promise<TenantId> {
  const tenant = aTenantId()
  await withClient(owner, async (query) => {
    await query(
      `insert into resource (tenant_id, id, type, unique_key, display_key, data, folded, version, created, last_modified)
       select $1, gen_random_uuid(), 'User', 'user ' || n, 'user ' || n, '{}', '{}', 1, now(), now()
       from generate_series(1, 1000) as n`,
      [tenant],
    )
    await query(
      `insert into email select tenant_id, id, 0, 'work', unique_key from resource where tenant_id = $1`,
      [tenant],
    )
    await query('analyze resource, email')
  })
  return tenant
}
