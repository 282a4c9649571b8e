import { beforeAll, describe, expect, test } from 'vitest'

import { aUser } from '#test/kit/scim-bodies.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
let reader = ''

beforeAll(async () => {
  reader = await used.server.newToken(used.tenant.id, { scope: 'read' })
})

const ask = (path: string, token: string | null = reader, method = 'GET'): Promise<Reply> =>
  sendTo(used.server.directoryURL + path, method, { token })

/** RFC 9457. */
const problem = (status: number, parameter?: string): unknown =>
  expect.objectContaining({
    status,
    body: {
      type: 'about:blank',
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: expect.stringMatching(/\w/),
      requestId: expect.stringMatching(/^[\w-]{36}$/),
      ...(parameter === undefined ? {} : { parameter }),
    },
    headers: expect.objectContaining({ 'content-type': 'application/problem+json' }),
  })

const namesSeenBy = async (token: string): Promise<unknown> =>
  (await ask('/v1/users', token)).body.items.map(({ userName }: { userName: string }) => userName)

describe('who may ask', () => {
  test('a token of scope read names its tenant, on whatever host it asks', async () => {
    await used.tenant.create('/Users', aUser('mine'))
    const other = await used.server.newTenant()
    await other.create('/Users', aUser('theirs'))
    const otherReader = await used.server.newToken(other.id, { scope: 'read' })
    expect(await namesSeenBy(reader)).toEqual(['mine'])
    expect(await namesSeenBy(otherReader)).toEqual(['theirs'])
  })

  test('no token, a bad one, one for provisioning and an expired one are the same 401', async () => {
    const expired = await used.server.newToken(used.tenant.id, { scope: 'read', expires: new Date(0) })
    const replies = [
      await ask('/v1/users', null),
      await ask('/v1/users', 'nonsense'),
      await ask('/v1/users', used.tenant.token),
      await ask('/v1/users', expired),
      await ask('/nothing', null),
    ]
    for (const reply of replies) {
      expect(reply).toEqual(problem(401))
      expect(reply.headers['www-authenticate']).toMatch(/^Bearer/)
    }
    expect(new Set(replies.map(({ body }) => body.detail)).size).toBe(1)
  })

  test('a disabled tenant is 403', async () => {
    const tenant = await used.server.newTenant({ state: 'Disabled' })
    expect(await ask('/v1/users', await used.server.newToken(tenant.id, { scope: 'read' }))).toEqual(
      problem(403),
    )
  })

  test('over its rate a reader waits, and the identity provider does not', async () => {
    const tenant = await used.server.newTenant({ settings: { limits: { requestsPerSecond: 2, burst: 1 } } })
    const token = await used.server.newToken(tenant.id, { scope: 'read' })
    const replies = await Promise.all(Array.from({ length: 8 }, () => ask('/v1/groups', token)))
    const refused = replies.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    for (const reply of refused) expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/)
    expect((await tenant.get('/Users')).status).toBe(200)
  })
})

describe('questions that are refused', () => {
  test.for([
    ['/v1/users?limit=0', 'limit'],
    ['/v1/users?limit=1001', 'limit'],
    ['/v1/users?limit=many', 'limit'],
    ['/v1/users?state=asleep', 'state'],
    ['/v1/users?cursor=nonsense', 'cursor'],
    ['/v1/assignments?user=bob', 'user'],
    ['/v1/explain', 'user'],
  ] as const)('%s is a 400 that names %s', async ([path, parameter]) => {
    expect(await ask(path)).toEqual(problem(400, parameter))
  })

  // A misspelt filter that were ignored would answer with everybody.
  test('an unknown parameter is a 400 that says which there are', async () => {
    const reply = await ask('/v1/assignments?polcy=x')
    expect(reply).toEqual(problem(400, 'polcy'))
    expect(reply.body.detail).toContain('policy')
  })

  test('a cursor of another question is refused', async () => {
    for (const name of ['a', 'b']) await used.tenant.create('/Users', aUser(`cursor-${name}`))
    const { body } = await ask('/v1/users?limit=1')
    expect(await ask(`/v1/users?state=active&cursor=${body.next}`)).toEqual(problem(400, 'cursor'))
    expect(await ask(`/v1/groups?cursor=${body.next}`)).toEqual(problem(400, 'cursor'))
    expect(await ask(`/v1/assignments?cursor=${body.next}`)).toEqual(problem(400, 'cursor'))
  })

  test.for(['/v1/assignments?value=%00', '/v1/users?%ff=1'])(
    '%s is no question for Postgres',
    async (path) => {
      expect(await ask(path)).toEqual(problem(400))
    },
  )

  test('unknown paths are 404, other methods than GET and HEAD 405', async () => {
    expect(await ask('/v2/users')).toEqual(problem(404))
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const reply = await ask('/v1/users', reader, method)
      expect(reply).toEqual(problem(405))
      expect(reply.headers['allow']).toBe('GET, HEAD')
    }
    expect((await ask('/v1/users', reader, 'HEAD')).status).toBe(200)
  })
})

test('requests are counted by route, and refusals are in the log', async () => {
  const reply = await ask('/v1/users?limit=0')
  await ask('/v1/nothing/01a203d3')
  const text = await used.server.metrics.registry.metrics()
  expect(text).toContain(
    `scim_directory_requests_total{tenant="${used.tenant.slug}",route="/v1/users",code="400"}`,
  )
  expect(text).toContain('route="unknown",code="404"')
  expect(used.server.log).toContainEqual(
    expect.objectContaining({
      requestId: reply.headers['x-request-id'],
      status: 400,
      attributePath: 'limit',
    }),
  )
})
