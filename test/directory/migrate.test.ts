import { expect, test } from 'vitest'
import { openDirectory } from '#directory/database.ts'
import { migrate, schemaIsCurrent } from '#directory/migrate.ts'
import { cloneDatabase, emptyDatabase } from '#test/kit/postgres.ts'

test('a clone of the template has the current schema', async () => {
  await using db = await cloneDatabase()
  await using directory = await openDirectory({ url: db.appUrl, applicationName: 'test' })
  expect(await schemaIsCurrent(directory)).toBe(true)
})

test('two migrations at once and one afterwards leave one schema', async () => {
  await using db = await emptyDatabase()
  await using directory = await openDirectory({ url: db.ownerUrl, applicationName: 'test' })
  expect(await schemaIsCurrent(directory)).toBe(false)
  await Promise.all([migrate(db.ownerUrl), migrate(db.ownerUrl)])
  await migrate(db.ownerUrl)
  expect(await schemaIsCurrent(directory)).toBe(true)
})
