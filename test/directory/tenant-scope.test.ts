import { expect, test } from 'vitest'
import { openDirectory } from '#directory/database.ts'
import { inTenant, readInTenant, tenantIdOf } from '#directory/tenant-scope.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

test('smoke', async () => {
  await using db = await cloneDatabase()
  await using directory = await openDirectory({ url: db.appUrl, applicationName: 'test' })
  const a = tenantIdOf(crypto.randomUUID())
  const b = tenantIdOf(crypto.randomUUID())
  const id = crypto.randomUUID()
  await inTenant(directory, a, {}, async (scope) => {
    await scope.query({
      text: `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
             values ($1, $2, 'User', 'x', '{}', '{}', 1, now(), now())`,
      values: [a, id],
    })
  })
  const read = { text: 'select id, version, created from resource where id = $1', values: [id] }
  expect(await readInTenant(directory, a, read)).toHaveLength(1)
  expect(await readInTenant(directory, b, read)).toHaveLength(0)
  expect(await readInTenant(directory, a, read)).toEqual([{ id, version: 1, created: expect.any(Date) }])
})
