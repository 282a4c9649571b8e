import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import type { Directory } from '#directory/database.ts'
import { migrate, schemaIsCurrent } from '#directory/migrate.ts'
import { createRoles } from '#directory/roles.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase, emptyDatabase } from '#test/kit/postgres.ts'

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
