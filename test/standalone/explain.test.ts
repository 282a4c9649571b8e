import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'

import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { Mistake } from '#platform/mistake.ts'
import { openDatabase } from '#standalone/database.ts'
import { explain } from '#standalone/explain.ts'

const embedded = { databaseOwnerUrl: undefined }

test('a Postgres that cannot be reached is told in one sentence that names the settings', async () => {
  const databaseOwnerUrl = 'postgres://owner:pw@127.0.0.1:1/scim'
  const urls = { databaseOwnerUrl, databaseUrl: undefined, workerDatabaseUrl: undefined }
  const error: unknown = await openDatabase(urls, '/nowhere', new AbortController().signal).catch(
    (refusal: unknown) => refusal,
  )
  const explained = explain(error, { databaseOwnerUrl })
  expect(explained).toBeInstanceOf(Mistake)
  expect(String(explained)).toMatch(
    /Postgres cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:1\): .* DATABASE_OWNER_URL/,
  )
  expect(explain(new DatabaseUnavailableError(error), { databaseOwnerUrl })).toBeInstanceOf(Mistake)
  expect(explain(error, embedded)).toBe(error)
})

test('a password that Postgres does not take is told in one sentence without the password', () => {
  const error = new DatabaseError('password authentication failed for user "owner"', 0, 'error')
  error.code = '28P01'
  const explained = explain(error, { databaseOwnerUrl: 'postgres://owner:secret@h/scim' })
  expect(explained).toBeInstanceOf(Mistake)
  expect(String(explained)).toContain('password authentication failed for user "owner"')
  expect(String(explained)).not.toContain('secret')
})

test('errors that nobody can mend keep their stack', () => {
  const error = new Error('a bug')
  expect(explain(error, embedded)).toBe(error)
})

test('database URLs are taken all together, or the one of the owner alone', async () => {
  const { signal } = new AbortController()
  const url = 'postgres://owner:pw@127.0.0.1:1/scim'
  const none = { databaseOwnerUrl: undefined, databaseUrl: undefined, workerDatabaseUrl: undefined }
  for (const urls of [
    { ...none, databaseUrl: url },
    { ...none, databaseOwnerUrl: url, databaseUrl: url },
  ])
    await expect(openDatabase(urls, '/nowhere', signal)).rejects.toThrow(
      'Set DATABASE_OWNER_URL alone, or together with both DATABASE_URL and WORKER_DATABASE_URL.',
    )
  await expect(
    openDatabase({ ...none, databaseOwnerUrl: 'postgres://owner@127.0.0.1:1/scim' }, '/nowhere', signal),
  ).rejects.toThrow('DATABASE_OWNER_URL has no password')
  await expect(openDatabase({ ...none, databasePooled: true }, '/nowhere', signal)).rejects.toThrow(
    'DATABASE_POOLED is about DATABASE_URL',
  )
  const all = { databaseOwnerUrl: url, databaseUrl: `${url}-a`, workerDatabaseUrl: `${url}-w` }
  expect(await openDatabase(all, '/nowhere', signal)).toMatchObject({
    ownerUrl: url,
    appUrl: `${url}-a`,
    workerUrl: `${url}-w`,
  })
})
