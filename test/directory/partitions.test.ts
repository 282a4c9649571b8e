import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import type { Directory } from '#directory/database.ts'
import { maintainPartitions } from '#directory/partitions.ts'
import { inTenant, tenantIdOf } from '#directory/tenant-scope.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

const tenant = tenantIdOf(randomUUID())
const later = new Date('2031-03-01T23:30:00Z')

function record(directory: Directory, at: string): Promise<unknown> {
  const text = `insert into change (tenant_id, at, id, ordinal, actor, request_id, action, resource_type, resource_id, detail)
    values ($1, $2, gen_random_uuid(), 0, 'system', 'r', 'create', 'User', gen_random_uuid(), '{"a": 1}')`
  return inTenant(directory, tenant, {}, (scope) => scope.query({ text, values: [tenant, at] }))
}

/** Where the changes of the tenant lie, and at which moment each was. */
async function places(owner: Directory): Promise<string[]> {
  const rows = await withClient(owner, (query) =>
    query<{ table: string; at: Date }>(
      'select tableoid::regclass::text as table, at from change order by at',
    ),
  )
  return rows.map(({ table, at }) => `${table} ${at.toISOString()}`)
}

test('partitions are made for today and the days ahead in UTC, once', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const options = { aheadDays: 2, retentionDays: 100_000 }
  const first = await maintainPartitions(owner, later, options)
  expect(first).toEqual({ created: ['change_20310301', 'change_20310302', 'change_20310303'], dropped: [] })
  expect(await maintainPartitions(owner, later, options)).toEqual({ created: [], dropped: [] })
})

test('a change is recorded whether its day has a partition or not, and moves when the day gets one', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  const moments = ['2031-02-28T23:59:59.999Z', '2031-03-01T00:00:00.000Z', '2031-03-02T00:00:00.000Z']
  for (const moment of moments) await record(app, moment)
  expect(await places(owner)).toEqual(moments.map((moment) => `change_default ${moment}`))
  await maintainPartitions(owner, later, { aheadDays: 0, retentionDays: 100_000 })
  await record(app, '2031-03-01T12:00:00.000Z')
  expect(await places(owner)).toEqual([
    `change_default ${moments[0]}`,
    `change_20310301 ${moments[1]}`,
    'change_20310301 2031-03-01T12:00:00.000Z',
    `change_default ${moments[2]}`,
  ])
})

test('days older than the retention are dropped with their changes, later days are not', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  await maintainPartitions(owner, later, { aheadDays: 3, retentionDays: 100_000 })
  await record(app, '2031-03-01T12:00:00.000Z')
  await record(app, '2031-03-02T12:00:00.000Z')
  const twoDaysLater = new Date(later.getTime() + 2 * 86_400_000)
  const { dropped } = await maintainPartitions(owner, twoDaysLater, { aheadDays: 0, retentionDays: 1 })
  expect(dropped).toContain('change_20310301')
  expect(dropped).not.toContain('change_20310302')
  expect(await places(owner)).toEqual(['change_20310302 2031-03-02T12:00:00.000Z'])
})

test('a long read of the log puts the maintenance off instead of blocking the writers behind it', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  await using app = await opened(db.appUrl)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: reading, resolve: started } = Promise.withResolvers<void>()
  const reader = inTenant(app, tenant, {}, async (scope) => {
    await scope.query({ text: 'select from change', values: [] })
    started()
    await released
  })
  await reading
  const maintenance = maintainPartitions(owner, later, { aheadDays: 0, retentionDays: 100_000 })
  await expect(maintenance).rejects.toMatchObject({ code: '55P03' })
  release()
  await reader
  const again = await maintainPartitions(owner, later, { aheadDays: 0, retentionDays: 100_000 })
  expect(again.created).toEqual(['change_20310301'])
})
