import { expect, test } from 'vitest'

import { openDirectory } from '#directory/database.ts'
import { openGate } from '#test/kit/gate.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo, startScim } from '#test/kit/server.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'
import { asAdmin } from '#test/kit/test-server.ts'

test('while Postgres is away every request is told so, and all goes on when it is back', async () => {
  await using db = await cloneDatabase()
  await using gate = await openGate(db.appUrl)
  await using server = await startScim({ ownerUrl: db.ownerUrl, appUrl: gate.url })
  const tenant = await server.newTenant()
  const id = await tenant.create('/Users', aUser('before@example.com'))
  const reader = await server.newToken(tenant.id, { scope: 'read' })
  await gate.shut()

  for (const reply of [
    await tenant.get(`/Users/${id}`),
    await tenant.get('/Users'),
    await tenant.post('/Users', aUser('during@example.com')),
    await tenant.delete(`/Users/${id}`),
    await tenant.post('/Bulk', { Operations: [{ method: 'DELETE', path: `/Users/${id}` }] }),
  ]) {
    expect(reply).toEqual(scimError(503))
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/)
    expect(reply.body.detail).toContain(reply.headers['x-request-id'])
  }
  const problem = await sendTo(`${server.directoryURL}/v1/users`, 'GET', { token: reader })
  expect(problem).toMatchObject({ status: 503, headers: { 'content-type': 'application/problem+json' } })

  await gate.open()
  await expect.poll(async () => (await tenant.get(`/Users/${id}`)).status, { interval: 100 }).toBe(200)
  expect((await tenant.post('/Users', aUser('after@example.com'))).status).toBe(201)
})

test('when Postgres goes away in the middle of a bulk request, each operation says whether it was done', async () => {
  await using db = await cloneDatabase()
  await using gate = await openGate(db.appUrl)
  await using server = await startScim({ ownerUrl: db.ownerUrl, appUrl: gate.url })
  const tenant = await server.newTenant()
  const operations = Array.from({ length: 1000 }, (_, n) => ({
    method: 'POST',
    path: '/Users',
    bulkId: `${n}`,
    data: aUser(`bulk-${n}`),
  }))
  const working = tenant.post('/Bulk', { Operations: operations })
  await expect.poll(async () => (await tenant.get('/Users?count=0')).body.totalResults).toBeGreaterThan(0)
  await gate.shut()
  const reply = await working
  expect(reply.status).toBe(200)
  const statuses: readonly string[] = reply.body.Operations.map(({ status }: { status: string }) => status)
  const done = statuses.indexOf('503')
  expect(done).toBeGreaterThan(0)
  expect(new Set(statuses.slice(0, done))).toEqual(new Set(['201']))
  expect(statuses.slice(done)).toEqual(Array.from({ length: 1000 - done }, () => '503'))
})

test('hundreds of requests while Postgres is away do not wait until it is back: each is refused with Retry-After', async () => {
  await using db = await cloneDatabase()
  await using gate = await openGate(db.appUrl)
  await using server = await startScim({ ownerUrl: db.ownerUrl, appUrl: gate.url })
  const tenant = await server.newTenant()
  const id = await tenant.create('/Users', aUser('before@example.com'))
  await gate.shut()
  const paths = Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? `/Users/${id}` : '/Users'))
  const replies = await Promise.all(paths.map((path) => tenant.get(path)))
  expect(
    replies.filter(({ status, headers }) => status === 503 && headers['retry-after'] !== undefined),
  ).toHaveLength(300)
  await gate.open()
  await expect.poll(async () => (await tenant.get('/Users')).status, { interval: 100 }).toBe(200)
})

test('a Postgres that swallows everything is given up: reads are refused long before a statement times out', async () => {
  await using db = await cloneDatabase()
  await using proxy = await tcpProxy(db.appUrl)
  await using app = await openDirectory({ url: proxy.url, applicationName: 'frozen', pipelines: 1 })
  await using server = await startScim({ ownerUrl: db.ownerUrl, appUrl: db.appUrl }, { directory: app })
  const tenant = await server.newTenant()
  const id = await tenant.create('/Users', aUser('before@example.com'))
  expect((await tenant.get(`/Users/${id}`)).status).toBe(200)
  proxy.freeze()

  // A list may take its time, as long as a statement may; how long that is, is the measure for the reads.
  let isListed = false
  const listed = tenant.get('/Users').finally(() => {
    isListed = true
  })
  // Those that are sent into the silence, then those that wait for another connection.
  for (const round of [1, 2]) {
    const replies = await Promise.all(Array.from({ length: 50 }, () => tenant.get(`/Users/${id}`)))
    expect({ round, isListed }).toEqual({ round, isListed: false })
    for (const reply of replies) {
      expect(reply).toEqual(scimError(503))
      expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/)
    }
  }
  expect(proxy.connections).toBeLessThan(10)

  await proxy.stop()
  expect(await listed).toEqual(scimError(503))
  await proxy.start()
  await expect.poll(async () => (await tenant.get(`/Users/${id}`)).status, { interval: 100 }).toBe(200)
})

test('E5: what nobody expected is a 500 that names the request, with its cause in the log only', async () => {
  await using db = await cloneDatabase()
  await using server = await startScim(db)
  const tenant = await server.newTenant()
  const id = await tenant.create('/Users', aUser('fault@example.com'))
  await asAdmin(db.adminUrl, 'revoke update on resource from scim_app')
  const reply = await tenant.put(`/Users/${id}`, aUser('changed@example.com'))
  expect(reply).toEqual(scimError(500))
  const requestId = reply.headers['x-request-id']
  expect(reply.body.detail).toContain(requestId)
  expect(reply.text).not.toContain('permission')
  const line = server.log.find((one) => one['requestId'] === requestId)
  expect(line).toMatchObject({
    level: 'error',
    status: 500,
    err: { message: expect.stringContaining('permission') },
  })
})
