import { beforeAll, describe, expect, test } from 'vitest'

import { messageUrns } from '#scim/urns.ts'
import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Sections 3.4.2.3 to 3.4.3 and 3.9 of RFC 7644, row by row.
const used = useServer()
let crew = ''

beforeAll(async () => {
  const people: readonly (readonly [string, object])[] = [
    [
      'bea',
      {
        title: 'b',
        name: { familyName: 'Zed' },
        emails: [{ value: 'c@x.example' }, { value: 'a@x.example', primary: true }],
      },
    ],
    [
      'Abe',
      {
        title: 'B',
        name: { familyName: 'Yam' },
        emails: [{ value: 'b@x.example' }, { value: 'z@x.example' }],
      },
    ],
    ['cid', { title: 'a', externalId: 'b' }],
    ['dot', { externalId: 'B', emails: [{ value: 'd@x.example' }] }],
  ]
  for (const [userName, more] of people) await used.tenant.create('/Users', aUser(userName, more))
  crew = await used.tenant.create('/Groups', aGroup('Crew'))
})

const names = ({ body }: Reply): readonly string[] =>
  body.Resources.map((one: { userName?: string }) => one.userName)

describe('lists', () => {
  test.for([
    // Missing values last when ascending, first when descending; ties by id, which is the order of creation.
    ['sortBy=userName', ['Abe', 'bea', 'cid', 'dot']],
    ['sortBy=USERNAME&sortOrder=Descending', ['dot', 'cid', 'bea', 'Abe']],
    ['sortBy=title', ['cid', 'bea', 'Abe', 'dot']],
    ['sortBy=name.familyName', ['Abe', 'bea', 'cid', 'dot']],
    // The primary value, else the first.
    ['sortBy=emails', ['bea', 'Abe', 'dot', 'cid']],
    ['sortBy=emails.value&sortOrder=descending', ['cid', 'dot', 'Abe', 'bea']],
    // Case exact.
    ['sortBy=externalId', ['dot', 'cid', 'bea', 'Abe']],
    ['sortBy=meta.created&sortOrder=descending', ['dot', 'cid', 'Abe', 'bea']],
    ['sortOrder=descending', ['bea', 'Abe', 'cid', 'dot']],
  ] as const)('S1: are in the order of their attribute, in total: ?%s', async ([query, expected]) => {
    expect(names(await used.tenant.get(`/Users?${query}`))).toEqual(expected)
  })

  test.for([
    ['startIndex=2&count=2', 2, ['Abe', 'cid']],
    ['startIndex=0&count=1', 1, ['bea']],
    ['startIndex=-9&count=1', 1, ['bea']],
    ['count=0', 1, []],
    ['count=-1', 1, []],
    ['startIndex=5', 5, []],
    ['startIndex=99999999999999999999', Number.MAX_SAFE_INTEGER, []],
  ] as const)('S2: have their numbers as numbers, always: ?%s', async ([query, startIndex, expected]) => {
    const reply = await used.tenant.get(`/Users?${query}`)
    expect(reply.status).toBe(200)
    expect(names(reply)).toEqual(expected)
    expect(reply.body).toMatchObject({
      schemas: [urns.list],
      totalResults: 4,
      startIndex,
      itemsPerPage: expected.length,
    })
  })

  test('S3: keep one order when none is asked for, that of creation, which later changes leave alone', async () => {
    const [first] = (await used.tenant.get('/Users')).body.Resources
    await used.tenant.patch(`/Users/${first.id}`, aPatch({ op: 'add', path: 'nickName', value: 'moved?' }))
    expect(names(await used.tenant.get('/Users'))).toEqual(['bea', 'Abe', 'cid', 'dot'])
  })

  test('S4: show what was asked for on every operation that answers with resources', async () => {
    const few = { schemas: [urns.user], userName: expect.any(String), id: expect.any(String) }
    const created = await used.tenant.post('/Users?attributes=userName', aUser('projected', { title: 'Dr' }))
    const path = `/Users/${created.body.id}?attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName,unknown`
    const patch = aPatch({ op: 'add', path: 'title', value: 'Prof' })
    const replies = [
      created,
      await used.tenant.get(path),
      await used.tenant.patch(path, patch),
      await used.tenant.put(path, aUser('projected')),
    ]
    for (const { body } of replies) expect(body).toEqual(few)
    const filter = 'userName eq "projected"'
    const searched = [
      await used.tenant.get(`/Users?attributes=userName&filter=${encodeURIComponent(filter)}`),
      await used.tenant.get(`/?attributes=userName&filter=${encodeURIComponent(filter)}`),
      await used.tenant.post('/Users/.search', { filter, attributes: ['userName'] }),
      await used.tenant.post('/.search', { filter, attributes: ['userName'] }),
    ]
    for (const { body } of searched) expect(body.Resources).toEqual([few])
    const without = await used.tenant.put(
      `/Users/${created.body.id}?excludedAttributes=meta,title`,
      aUser('projected', { title: 'Dr' }),
    )
    expect(Object.keys(without.body).toSorted()).toEqual(['active', 'id', 'schemas', 'userName'])
    expect(await used.tenant.get('/Users?attributes=id&excludedAttributes=title')).toEqual(
      scimError(400, 'invalidValue'),
    )
    await used.tenant.delete(`/Users/${created.body.id}`)
  })

  test('S5: are answered to a SearchRequest as to GET, at the root, for users and for groups', async () => {
    const search = { schemas: [messageUrns.searchRequest], sortBy: 'displayName', count: 10 }
    for (const path of ['/Users', '/Groups', '']) {
      const searched = await used.tenant.post(`${path}/.search`, search)
      const got = await used.tenant.get(`${path}/?sortBy=displayName&count=10`)
      expect(searched.status).toBe(200)
      expect(searched.body).toEqual(got.body)
    }
    const { body } = await used.tenant.post('/Groups/.search', { filter: 'displayName eq "CREW"' })
    expect(body.Resources).toMatchObject([{ id: crew }])
  })

  test('S6, S2: are never too long: a page has at most as many as ServiceProviderConfig tells', async () => {
    const tenant = await used.server.newTenant()
    const { maxResults } = (await tenant.get('/ServiceProviderConfig')).body.filter
    const make = (from: number, to: number): Promise<Reply> =>
      tenant.post('/Bulk', {
        schemas: [messageUrns.bulkRequest],
        Operations: Array.from({ length: to - from }, (_, n) => ({
          method: 'POST',
          path: '/Users',
          bulkId: `${n}`,
          data: aUser(`many-${from + n}`),
        })),
      })
    await make(0, maxResults)
    await make(maxResults, maxResults + 1)
    const { status, body } = await tenant.get('/Users?count=5000&attributes=id')
    expect(status).toBe(200)
    expect(body).toMatchObject({ totalResults: maxResults + 1, itemsPerPage: maxResults })
    expect(body.Resources).toHaveLength(maxResults)
  })
})
