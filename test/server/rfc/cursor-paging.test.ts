import { describe, expect, test } from 'vitest'

import { cloneDatabase } from '#test/kit/postgres.ts'
import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { startScim } from '#test/kit/server.ts'
import type { TestTenant } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

const withUsers = async (
  count: number,
  name = 'user',
): Promise<{ tenant: TestTenant; ids: readonly string[] }> => {
  const tenant = await used.server.newTenant()
  const ids: string[] = []
  for (let n = 0; n < count; n++)
    ids.push(
      await tenant.create('/Users', aUser(`${name}-${String(n).padStart(3, '0')}`, { title: `t${n % 3}` })),
    )
  return { tenant, ids }
}

/** All ids that a walk meets, in its order. */
const walk = async (tenant: TestTenant, query: string): Promise<readonly string[]> => {
  const seen: string[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const { status, body } = await tenant.get(`/Users?${query}&attributes=id&cursor=${cursor}`)
    expect(status).toBe(200)
    seen.push(...body.Resources.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
  }
  return seen
}

describe('RFC 9865: paging by cursor', () => {
  test('RFC 9865: is advertised beside paging by index, which stays the default', async () => {
    expect((await used.tenant.get('/ServiceProviderConfig')).body.pagination).toEqual({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 100,
      maxPageSize: 1000,
      cursorTimeout: 86_400,
    })
    const { body } = await used.tenant.get('/Users')
    expect(body).toMatchObject({ startIndex: 1 })
    expect(body).not.toHaveProperty('nextCursor')
  })

  test('RFC 9865: has cursors that need no escaping in a URL and tell nothing', async () => {
    const { tenant, ids } = await withUsers(3)
    const { body } = await tenant.get('/Users?cursor=&count=1&sortBy=userName')
    // "may only contain characters from the unreserved character set defined in Section 2.3 of [RFC3986]"
    expect(body.nextCursor).toMatch(/^[A-Za-z0-9._~-]+$/)
    expect(body.nextCursor).not.toContain(ids[0])
    expect(body.nextCursor).not.toContain('user-')
    expect(body).toMatchObject({ totalResults: 3, itemsPerPage: 1 })
    expect(body).not.toHaveProperty('startIndex')
    expect(body).not.toHaveProperty('previousCursor')
  })

  test('RFC 9865: has no nextCursor on the last page, full or not, nor where nothing is found', async () => {
    const { tenant, ids } = await withUsers(4)
    expect((await tenant.get('/Users?cursor=&count=4')).body).not.toHaveProperty('nextCursor')
    expect((await tenant.get('/Users?cursor=&count=5')).body).not.toHaveProperty('nextCursor')
    expect((await tenant.get('/Users?cursor&filter=title%20eq%20%22x%22')).body).toMatchObject({
      totalResults: 0,
      Resources: [],
    })
    expect(await walk(tenant, 'count=2')).toEqual(ids)
  })

  test('RFC 9865: counts without resources where count is zero or less', async () => {
    const { tenant } = await withUsers(2)
    for (const count of [0, -3]) {
      const { body } = await tenant.get(`/Users?cursor=&count=${count}`)
      expect(body).toMatchObject({ totalResults: 2, itemsPerPage: 0, Resources: [] })
    }
  })

  test('RFC 9865: belongs to its tenant, endpoint, filter and order: elsewhere it is invalidCursor', async () => {
    const { tenant } = await withUsers(3)
    const { nextCursor } = (await tenant.get('/Users?cursor=&count=1&sortBy=title')).body
    const invalid = scimError(400, 'invalidCursor')
    for (const query of [
      '',
      '&sortBy=userName',
      '&sortBy=title&sortOrder=descending',
      '&sortBy=title&filter=title%20pr',
    ])
      expect(await tenant.get(`/Users?cursor=${nextCursor}${query}`)).toEqual(invalid)
    expect(await tenant.get(`/Groups?sortBy=title&cursor=${nextCursor}`)).toEqual(
      scimError(400, 'invalidValue'),
    )
    expect(await tenant.get(`/?sortBy=title&cursor=${nextCursor}`)).toEqual(invalid)
    expect(await used.tenant.get(`/Users?sortBy=title&cursor=${nextCursor}`)).toEqual(invalid)
    expect((await tenant.get(`/Users?sortBy=title&cursor=${nextCursor}`)).status).toBe(200)
  })

  test('RFC 9865: that was forged or cut is invalidCursor', async () => {
    const { tenant } = await withUsers(2)
    const cursor: string = (await tenant.get('/Users?cursor=&count=1')).body.nextCursor
    const [kid, place, seal = ''] = cursor.split('.')
    const forged = Buffer.from('["9","1000","01a203d3-ea8a-79a9-b1f1-6c436d742113"]').toString('base64url')
    for (const one of [
      'x',
      '%22',
      cursor.slice(0, -1),
      `${cursor}.`,
      `${kid}.${place}`,
      `${kid}.${forged}.${seal}`,
    ])
      expect(await tenant.get(`/Users?count=1&cursor=${one}`)).toEqual(scimError(400, 'invalidCursor'))
  })

  // "Count value must be between 0 and service provider's maxPageSize and must be equal to the count value of the
  // initial query."
  test('RFC 9865: keeps the count of its first page; another one, or none at all, is invalidCount', async () => {
    const { tenant, ids } = await withUsers(5)
    const { nextCursor } = (await tenant.get('/Users?cursor=&count=2')).body
    expect(await tenant.get(`/Users?cursor=${nextCursor}&count=3`)).toEqual(scimError(400, 'invalidCount'))
    expect(await tenant.get('/Users?cursor=&count=two')).toEqual(scimError(400, 'invalidCount'))
    const { body } = await tenant.get(`/Users?cursor=${nextCursor}`)
    expect(body.Resources.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2, 4))
  })

  test('RFC 9865: is expiredCursor once it is older than the cursorTimeout', async () => {
    await using stack = new AsyncDisposableStack()
    const clock = { now: Date.now() }
    const server = stack.use(await startScim(stack.use(await cloneDatabase()), { now: () => clock.now }))
    const tenant = await server.newTenant()
    for (const name of ['a', 'b']) await tenant.create('/Users', aUser(name))
    const { nextCursor } = (await tenant.get('/Users?cursor=&count=1')).body
    clock.now += 86_400_000
    const token = await server.newToken(tenant.id, { expires: new Date(clock.now + 3_600_000) })
    const next = () => tenant.send('GET', `/Users?cursor=${nextCursor}`, { token })
    expect((await next()).status).toBe(200)
    clock.now += 1
    expect(await next()).toEqual(scimError(400, 'expiredCursor'))
  })
})

// Hard spot 29: 136 in total, 67 ids. The writers go on for as long as the walk does.
describe('RFC 9865: a walk while others write', () => {
  test.for([
    '',
    'sortBy=title',
    'sortBy=userName&sortOrder=descending',
    'filter=userName%20sw%20%22user-%22',
  ])('RFC 9865: meets each that exists throughout exactly once, and nobody twice: %j', async (query) => {
    const { tenant, ids } = await withUsers(40)
    const leaving = ids.filter((_, n) => n % 4 === 0)
    const staying = ids.filter((_, n) => n % 4 !== 0)
    const walking = walk(tenant, `${query}&count=3`)
    const walked = { isOver: false }
    const write = async (): Promise<void> => {
      for (let n = 0; !walked.isOver; n++) {
        const gone = leaving[n]
        if (gone !== undefined) await tenant.delete(`/Users/${gone}`)
        // Before, between and behind those that are there, by name and by title.
        if (n < 60) await tenant.create('/Users', aUser(`user-0${n % 40}-${n}`, { title: `t${n % 4}` }))
      }
    }
    const writing = write()
    const seen = await walking.finally(() => (walked.isOver = true))
    await writing
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((id) => staying.includes(id)).toSorted()).toEqual(staying.toSorted())
  })
})
