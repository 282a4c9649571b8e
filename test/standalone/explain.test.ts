import { createServer } from 'node:net'

import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'

import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { listen } from '#platform/listen.ts'
import { openDatabase } from '#standalone/database.ts'
import { explain } from '#standalone/explain.ts'
import { Mistake } from '#standalone/mistake.ts'

const ports = { scimPort: 8080, directoryPort: 8081, opsPort: 9090, databaseOwnerUrl: undefined }

test('an occupied port is named with its flag and what to do', async () => {
  await using stack = new AsyncDisposableStack()
  const server = stack.adopt(createServer(), (opened) => void opened.close())
  const port = await listen(server, 0)
  const error: unknown = await listen(createServer(), port).catch((refusal: unknown) => refusal)
  const explained = explain(error, { ...ports, directoryPort: port })
  expect(explained).toBeInstanceOf(Mistake)
  expect(String(explained)).toContain(
    `Port ${port} (--directory-port) is in use by another program: stop it, or choose another port (0 takes a free one).`,
  )
})

test('a Postgres that cannot be reached is told in one sentence that names the settings', async () => {
  const databaseOwnerUrl = 'postgres://owner:pw@127.0.0.1:1/scim'
  const urls = { databaseOwnerUrl, databaseUrl: undefined, workerDatabaseUrl: undefined }
  const error: unknown = await openDatabase(urls, '/nowhere', new AbortController().signal).catch(
    (refusal: unknown) => refusal,
  )
  const explained = explain(error, { ...ports, databaseOwnerUrl })
  expect(explained).toBeInstanceOf(Mistake)
  expect(String(explained)).toMatch(
    /Postgres cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:1\): .* DATABASE_OWNER_URL/,
  )
  expect(explain(new DatabaseUnavailableError(error), { ...ports, databaseOwnerUrl })).toBeInstanceOf(Mistake)
  expect(explain(error, ports)).toBe(error)
})

test('a password that Postgres does not take is told in one sentence without the password', () => {
  const error = new DatabaseError('password authentication failed for user "owner"', 0, 'error')
  error.code = '28P01'
  const explained = explain(error, { ...ports, databaseOwnerUrl: 'postgres://owner:secret@h/scim' })
  expect(explained).toBeInstanceOf(Mistake)
  expect(String(explained)).toContain('password authentication failed for user "owner"')
  expect(String(explained)).not.toContain('secret')
})

test('errors that nobody can mend keep their stack', () => {
  const error = new Error('a bug')
  expect(explain(error, ports)).toBe(error)
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
