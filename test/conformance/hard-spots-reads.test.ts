import { randomUUID } from 'node:crypto'

import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

import type { TestTenant } from '#test/kit/server.ts'

// Failures that were seen in other servers, by number; the rest carries its number in the tests of its room.
const used = useServer()

const oddNames = [
  'a b@example.com',
  'a+b@example.com',
  'say "hi"@example.com',
  'back\\slash@example.com',
  "o'brien@example.com",
  'ångström 🚀@example.com',
  'eq and or not (x)@example.com',
  'semi;colon&ampersand=#?%25@example.com',
]

/** userNames that a filter finds, in the order of the answer. */
const found = async (filter: string, tenant: TestTenant = used.tenant): Promise<readonly string[]> => {
  const reply = await tenant.get(`/Users?filter=${encodeURIComponent(filter)}`)
  expect(reply.status).toBe(200)
  return reply.body.Resources.map(({ userName }: { userName: string }) => userName)
}

beforeAll(async () => {
  for (const userName of oddNames) await used.tenant.create('/Users', aUser(userName))
})

describe('filters', () => {
  test.for(oddNames)('hard spot 15: find %j whatever is in the name', async (userName) => {
    expect(await found(`userName eq ${JSON.stringify(userName)}`)).toEqual([userName])
    const start = userName.slice(0, -'@example.com'.length)
    expect(await found(`userName sw ${JSON.stringify(start)}`)).toContain(userName)
    // As a form writes it, with + for a blank.
    const query = new URLSearchParams({ filter: `userName eq ${JSON.stringify(userName)}` })
    expect((await used.tenant.get(`/Users?${query.toString()}`)).body.totalResults).toBe(1)
  })

  test('hard spot 16: bind and before or, obey parentheses, and never leave the tenant', async () => {
    const tenant = await used.server.newTenant()
    for (const [userName, title] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ] as const)
      await tenant.create('/Users', aUser(userName, { title }))
    expect(await found('userName eq "c" or userName eq "a" and title eq "y"', tenant)).toEqual(['c'])
    expect(await found('(userName eq "c" or userName eq "a") and title eq "x"', tenant)).toEqual(['a'])
    expect(await found('not (title eq "x") or userName eq "b"', tenant)).toEqual(['b', 'c'])
    expect(await found('userName eq "nobody" or userName pr', tenant)).toEqual(['a', 'b', 'c'])
  })

  test('hard spot 19: find the externalId, which comes back exactly as it was sent', async () => {
    const externalId = '00uÅB/+= "x"'
    const created = await used.tenant.post('/Users', aUser('external@example.com', { externalId }))
    expect(created.body.externalId).toBe(externalId)
    expect(await found(`externalId eq ${JSON.stringify(externalId)}`)).toEqual(['external@example.com'])
    const group = await used.tenant.post('/Groups', { ...aGroup('External'), externalId })
    const filter = encodeURIComponent(`externalId eq ${JSON.stringify(externalId)}`)
    expect((await used.tenant.get(`/Groups?filter=${filter}`)).body.Resources).toEqual([group.body])
  })

  test('hard spot 33: take % and _ for what they are', async () => {
    const tenant = await used.server.newTenant()
    for (const userName of ['100%', '100x', 'a_b', 'axb']) await tenant.create('/Users', aUser(userName))
    expect(await found('userName eq "%"', tenant)).toEqual([])
    expect(await found('userName eq "a_b"', tenant)).toEqual(['a_b'])
    expect(await found('userName sw "100%"', tenant)).toEqual(['100%'])
    expect(await found('userName co "_"', tenant)).toEqual(['a_b'])
    expect(await found('userName ew "%"', tenant)).toEqual(['100%'])
  })

  test('hard spot 36: look up names in brackets in the element, whatever the type calls the same', async () => {
    const emails = [
      { type: 'work', value: 'w@example.org', display: 'W' },
      { type: 'home', value: 'h@example.org' },
    ]
    await used.tenant.create('/Users', aUser('typed@example.com', { emails }))
    expect(await found('emails[type eq "work" and value co "@example.org"]')).toEqual(['typed@example.com'])
    expect(await found('emails[type eq "home" and display pr]')).toEqual([])
  })
})

describe('lists', () => {
  let tenant: TestTenant
  const count = 23

  beforeAll(async () => {
    tenant = await used.server.newTenant()
    const emails = [
      { value: 'one@example.net' },
      { value: 'two@example.net' },
      { value: 'three@example.net' },
    ]
    // At once, so that many have the same instant of creation.
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        tenant.create('/Users', aUser(`tie-${n}@example.com`, { title: `T${n % 2}`, emails })),
      ),
    )
  })

  test.for([
    ['hard spot 29', `filter=${encodeURIComponent('emails.value co "example.net"')}`],
    ['hard spot 29', `filter=${encodeURIComponent('emails co "example.net" or title pr')}`],
    ['hard spot 35', 'sortBy=meta.created'],
    ['hard spot 35', 'sortBy=title&sortOrder=descending'],
    ['hard spot 35', 'sortBy=nickName'],
  ] as const)('%s: pages of ?%s show everybody once, and count them once', async ([, query]) => {
    const seen: string[] = []
    for (let startIndex = 1; startIndex <= count; startIndex += 5) {
      const { body } = await tenant.get(`/Users?${query}&startIndex=${startIndex}&count=5`)
      expect(body.totalResults).toBe(count)
      seen.push(...body.Resources.map(({ id }: { id: string }) => id))
    }
    expect(seen).toHaveLength(count)
    expect(new Set(seen).size).toBe(count)
  })

  test('hard spot 40: startIndex and count are obeyed, in the URL and in a search', async () => {
    const all = (await tenant.get('/Users?attributes=id')).body.Resources
    const page = { startIndex: 4, itemsPerPage: 3, totalResults: count, Resources: all.slice(3, 6) }
    expect((await tenant.get('/Users?startIndex=4&count=3&attributes=id')).body).toMatchObject(page)
    const search = { startIndex: 4, count: 3, attributes: ['id'] }
    expect((await tenant.post('/Users/.search', search)).body).toMatchObject(page)
  })
})

test('hard spot 30: resources have an absolute location, instants in UTC, and no empty extension', async () => {
  const user = await used.tenant.post('/Users', {
    ...aUser(`${randomUUID()}@example.com`),
    schemas: [urns.user, urns.enterprise],
    [urns.enterprise]: { department: '' },
  })
  const group = await used.tenant.post('/Groups', aGroup(randomUUID(), [user.body.id]))
  expect(user.body.schemas).toEqual([urns.user])
  expect(user.body).not.toHaveProperty([urns.enterprise])
  expect(user.body.meta).toMatchObject({
    location: `${used.tenant.baseURL}/Users/${user.body.id}`,
    created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  })
  expect(user.headers.location).toBe(user.body.meta.location)
  expect(group.body.members[0].$ref).toBe(user.body.meta.location)
})

test.for(['', 'Bearer', 'Bearer ', 'Bearer undefined', 'Bearer null', 'Bearer {}'])(
  'hard spot 18: the empty credential %j opens nothing',
  async (authorization) => {
    expect(await used.tenant.send('GET', '/Users', { token: null, headers: { authorization } })).toEqual(
      scimError(401),
    )
  },
)
