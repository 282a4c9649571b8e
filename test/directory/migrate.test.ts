import { setTimeout as sleep } from 'node:timers/promises'
import { MikroORM } from '@mikro-orm/postgresql'
import { Client } from 'pg'
import { expect, test, vi } from 'vitest'
import { withClient } from '#directory/client.ts'
import { connectionConfig } from '#directory/connection.ts'
import type { Directory } from '#directory/database.ts'
import { migrate, schemaIsCurrent } from '#directory/migrate.ts'
import { migrations } from '#directory/migrations/list.ts'
import { entityManagerConfig } from '#directory/orm.ts'
import { createPartitions } from '#directory/partitions.ts'
import { createRoles } from '#directory/roles.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import { opened } from '#test/kit/builders.ts'
import { newTenantId } from '#test/kit/open-directory.ts'
import { cloneDatabase, emptyDatabase } from '#test/kit/postgres.ts'
import { fill, rowsOf } from '#test/kit/rows.ts'

test('an empty database has not the current schema, a migrated one has, for every role', async () => {
  await using empty = await emptyDatabase()
  await using migrated = await cloneDatabase()
  for (const role of ['ownerUrl', 'appUrl', 'workerUrl'] as const) {
    await using before = await opened(empty[role])
    await using after = await opened(migrated[role])
    expect([await schemaIsCurrent(before), await schemaIsCurrent(after)]).toEqual([false, true])
  }
})

test('three migrations at once and one afterwards make one and the same schema', async () => {
  await using db = await emptyDatabase()
  await using reference = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  await Promise.all([migrate(db.ownerUrl), migrate(db.ownerUrl), migrate(db.ownerUrl)])
  const once = await schema(directory)
  await migrate(db.ownerUrl)
  expect(await schema(directory)).toEqual(once)
  await using other = await opened(reference.ownerUrl)
  expect(await schema(other)).toEqual(once)
  expect(once.length).toBeGreaterThan(150)
})

test('a migration that waits for another one stops when it is aborted', async () => {
  await using db = await emptyDatabase()
  const holder = new Client({ connectionString: db.ownerUrl })
  await holder.connect()
  try {
    await holder.query('select pg_advisory_lock(7246001)')
    const migration = migrate(db.ownerUrl, { signal: AbortSignal.timeout(300) })
    await expect(migration).rejects.toMatchObject({ name: 'TimeoutError' })
  } finally {
    await holder.end()
  }
  await migrate(db.ownerUrl)
})

test('a server that starts while the migration runs has no half of it', async () => {
  await using db = await emptyDatabase()
  await using app = await opened(db.appUrl)
  const migration = migrate(db.ownerUrl)
  while (!(await schemaIsCurrent(app))) await sleep(5)
  // The first moment at which it says so: everything is there, the job queue too.
  await withClient(app, (query) => query('select from resource, assignment, revocation limit 0'))
  const enqueued = await withClient(app, (query) => query('select enqueue_evaluation(gen_random_uuid())'))
  expect(enqueued).toHaveLength(1)
  await migration
})

/** As the first release left it, with the partitions of its days. */
async function migrateAsFirstRelease(ownerUrl: string): Promise<void> {
  const config = connectionConfig({ url: ownerUrl, applicationName: 'first-release' })
  const orm = await MikroORM.init(entityManagerConfig(config, 1))
  try {
    await orm.migrator.up({ to: migrations[0]!.name })
  } finally {
    await orm.close()
  }
}

test('a database of the first release keeps its rows and gets the schema of a new one', async () => {
  await using db = await emptyDatabase()
  await using reference = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await migrateAsFirstRelease(db.ownerUrl)
  // Some of the days have their partition from the old release, the others get it from the new one.
  await withClient(owner, (query) => createPartitions(query, new Date(), 2))
  const tenant = newTenantId()
  await fill(owner, tenant)
  const before = await rowsOf(owner, tenant)
  await migrate(db.ownerUrl)
  expect(await rowsOf(owner, tenant)).toEqual(before)
  await using other = await opened(reference.ownerUrl)
  expect(await schema(owner)).toEqual(await schema(other))
})

test('whoever deletes a resource, its addresses, memberships and waiting members go with it', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  const [tenant, neighbour] = [newTenantId(), newTenantId()]
  await fill(owner, neighbour)
  const neighbours = await rowsOf(owner, neighbour)
  const { user } = await fill(owner, tenant)
  const remove = (where: string) =>
    inTenant(app, tenant, {}, (scope) =>
      scope.query({ text: `delete from resource where tenant_id = $1 and ${where}`, values: [tenant] }),
    )
  await remove(`id = '${user}'`)
  expect(await rowsOf(owner, tenant)).toMatchObject({
    resource: 1,
    email: 0,
    membership: 0,
    pending_member: 1,
  })
  await remove(`type = 'Group'`)
  expect(await rowsOf(owner, tenant)).toMatchObject({ resource: 0, pending_member: 0 })
  expect(await rowsOf(owner, neighbour)).toEqual(neighbours)
})

test('a migration that meets a long transaction lets the writers behind it through and ends after it', async () => {
  await using db = await emptyDatabase()
  await using owner = await opened(db.ownerUrl)
  await migrateAsFirstRelease(db.ownerUrl)
  const tenant = newTenantId()
  const long = new Client({ connectionString: db.ownerUrl })
  await long.connect()
  try {
    await long.query('begin')
    await long.query('select from email')
    const migration = migrate(db.ownerUrl)
    await vi.waitFor(
      async () => {
        const waiting = `select from pg_locks where not granted and relation = 'email'::regclass`
        expect(await withClient(owner, (query) => query(waiting))).not.toEqual([])
      },
      { timeout: 30_000, interval: 20 },
    )
    await fill(owner, tenant)
    await long.query('commit')
    await migration
  } finally {
    await long.end()
  }
  expect(await rowsOf(owner, tenant)).toMatchObject({ email: 1 })
})

test('the roles can be created again at every start, with new passwords', async () => {
  await using db = await emptyDatabase()
  const passwords = { appPassword: 'test', workerPassword: 'test' }
  await createRoles(db.adminUrl, passwords)
  await createRoles(db.adminUrl, passwords)
  await using app = await opened(db.appUrl)
  expect(await withClient(app, (query) => query('select current_user as role'))).toEqual([
    { role: 'scim_app' },
  ])
})

/** Everything that the catalogs know of our schema and of who may do what with the job tables. */
function schema(directory: Directory): Promise<unknown[]> {
  return withClient(directory, (query) =>
    query(
      `select 'column' as kind, table_name || '.' || column_name as name, data_type || is_nullable as definition
         from information_schema.columns where table_schema in ('public', 'graphile_worker')
       union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
       union all select 'statistics', attrelid::regclass || '.' || attname, attstattarget::text from pg_attribute
         join pg_class on pg_class.oid = attrelid
         where relnamespace = 'public'::regnamespace and attstattarget >= 0 and relkind = 'r'
       union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
       union all select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint
         where connamespace = 'public'::regnamespace
       union all select 'policy', schemaname || tablename || policyname, concat(roles, cmd, qual, with_check) from pg_policies
       union all select 'grant', table_name || privilege_type, grantee from information_schema.table_privileges
         where table_schema in ('public', 'graphile_worker') and grantee like 'scim\\_%'
       union all select 'function', proname, pg_get_functiondef(oid) || coalesce(proacl::text, '') from pg_proc
         where pronamespace = 'public'::regnamespace and prolang <> (select oid from pg_language where lanname = 'c')
       order by 1, 2, 3`,
    ),
  )
}
