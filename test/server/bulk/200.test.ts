import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { messageUrns } from '#scim/urns.ts'
import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import type { Reply, TestTenant } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const nobody = '01a203d3-ea8a-79a9-b1f1-6c436d742113'

const bulk = (
  operations: readonly object[],
  more: object = {},
  tenant: TestTenant = used.tenant,
): Promise<Reply> =>
  tenant.post('/Bulk', { schemas: [messageUrns.bulkRequest], Operations: operations, ...more })

const post = (path: string, bulkId: string, data: object): object => ({ method: 'POST', path, bulkId, data })
const group = (bulkId: string, displayName: string, ...members: string[]): object =>
  post('/Groups', bulkId, aGroup(displayName, members))

const unique = (): string => `${randomUUID()}@example.com`
const managed = (bulkId: string, by: string): object =>
  post(
    '/Users',
    bulkId,
    aUser(unique(), { [urns.enterprise]: { department: 'R&D', manager: { value: by } } }),
  )
const statuses = ({ body }: Reply): readonly string[] =>
  body.Operations.map((one: { status: string }) => one.status)
const membersOf = async (location: string): Promise<readonly string[]> => {
  const { body } = await used.tenant.get(location.slice(used.tenant.baseURL.length))
  return (body.members ?? []).map(({ value }: { value: string }) => value)
}
const idOf = (location: string): string => location.slice(location.lastIndexOf('/') + 1)

describe('E3: a bulk request', () => {
  test('E3: is answered with the result of each operation: method, bulkId, location, version and status', async () => {
    const [put, patched, gone] = await Promise.all(
      [1, 2, 3].map(() => used.tenant.create('/Users', aUser(unique()))),
    )
    const reply = await bulk([
      post('/Users', 'ada', aUser(unique())),
      { method: 'PUT', path: `/Users/${put}`, data: aUser(unique(), { title: 'Dr' }) },
      {
        method: 'patch',
        path: `/Users/${patched}`,
        data: aPatch({ op: 'replace', path: 'title', value: 'Dr' }),
      },
      { method: 'DELETE', path: `/Users/${gone}` },
    ])
    expect(reply.status).toBe(200)
    const users = `${used.tenant.baseURL}/Users`
    const location = expect.stringMatching(new RegExp(`^${users}/[\\w-]{36}$`))
    expect(reply.body).toEqual({
      schemas: [messageUrns.bulkResponse],
      Operations: [
        { method: 'POST', bulkId: 'ada', location, version: 'W/"1"', status: '201' },
        { method: 'PUT', location: `${users}/${put}`, version: 'W/"2"', status: '200' },
        { method: 'PATCH', location: `${users}/${patched}`, version: 'W/"2"', status: '200' },
        { method: 'DELETE', location: `${users}/${gone}`, status: '204' },
      ],
    })
    expect((await used.tenant.get(`/Users/${put}`)).body.title).toBe('Dr')
    expect((await used.tenant.get(`/Users/${patched}`)).body.meta.version).toBe('W/"2"')
    expect((await used.tenant.get(`/Users/${gone}`)).status).toBe(404)
  })

  test('E3: goes on after failures, each of which is told like that of a single request', async () => {
    const taken = unique()
    await used.tenant.create('/Users', aUser(taken))
    const reply = await bulk([
      post('/Users', 'taken', aUser(taken)),
      { method: 'PATCH', path: `/Users/${nobody}`, data: aPatch({ op: 'remove', path: 'title' }) },
      { method: 'PUT', path: '/Users', data: aUser(unique()) },
      { method: 'GET', path: `/Users/${nobody}` },
      { method: 'POST', path: '/Users', data: aUser(unique()) },
      post('/Users', 'bad', aUser(unique(), { active: 'perhaps' })),
      post('/Users', 'good', aUser(unique())),
    ])
    expect(reply.status).toBe(200)
    expect(statuses(reply)).toEqual(['409', '404', '405', '400', '400', '400', '201'])
    const [conflict, missing, , , unnamed] = reply.body.Operations
    expect(conflict).toEqual({
      method: 'POST',
      bulkId: 'taken',
      status: '409',
      response: {
        schemas: [messageUrns.error],
        status: '409',
        scimType: 'uniqueness',
        detail: expect.any(String),
      },
    })
    expect(missing).toMatchObject({
      location: `${used.tenant.baseURL}/Users/${nobody}`,
      response: { status: '404' },
    })
    expect(unnamed).toMatchObject({ method: 'POST', response: { scimType: 'invalidValue' } })
    expect(unnamed).not.toHaveProperty('location')
  })

  test('E3: with failOnErrors stops at that many errors and returns what it has processed', async () => {
    const missing = { method: 'DELETE', path: `/Users/${nobody}` }
    const last = unique()
    const operations = [
      post('/Users', 'a', aUser(unique())),
      missing,
      missing,
      post('/Users', 'b', aUser(last)),
    ]
    expect(statuses(await bulk(operations, { failOnErrors: 2 }))).toEqual(['201', '404', '404'])
    expect(
      (await used.tenant.get(`/Users?filter=userName eq "${last}"`.replaceAll(' ', '%20'))).body.totalResults,
    ).toBe(0)
  })

  test('E3: takes the version of an operation like If-Match', async () => {
    const id = await used.tenant.create('/Users', aUser(unique()))
    const patch = (version: string) => ({
      method: 'PATCH',
      path: `/Users/${id}`,
      version,
      data: aPatch({ op: 'add', path: 'title', value: version }),
    })
    const remove = { method: 'DELETE', path: `/Users/${id}`, version: 'W/"1"' }
    expect(statuses(await bulk([patch('W/"7"'), patch('W/"1"'), remove, patch('"2"')]))).toEqual([
      '412',
      '200',
      '412',
      '200',
    ])
  })

  test('E3: answers the operations of an integration that wants no PATCH bodies with 204, and their versions', async () => {
    const tenant = await used.server.newTenant({
      settings: { compatibility: { patchResponse: 'NoContent' } },
    })
    const id = await tenant.create('/Users', aUser(unique()))
    const data = aPatch({ op: 'add', path: 'title', value: 'Dr' })
    const { body } = await bulk([{ method: 'PATCH', path: `/Users/${id}`, data }], {}, tenant)
    expect(body.Operations).toMatchObject([{ status: '204', version: 'W/"2"' }])
  })
})

describe('E3: bulkId', () => {
  // The example of RFC 7644 section 3.7.2.
  test('E3: refers to a user that a later operation creates, in values and in paths', async () => {
    const reply = await bulk([
      group('crew', randomUUID(), 'bulkId:ada'),
      { method: 'PATCH', path: '/Users/bulkId:ada', data: aPatch({ op: 'add', path: 'title', value: 'Dr' }) },
      post('/Users', 'ada', aUser(unique())),
      post('/Users', 'bob', aUser(unique(), { [urns.enterprise]: { manager: { value: 'bulkId:ada' } } })),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:crew',
        data: aPatch(
          { op: 'add', path: 'members', value: [{ value: 'bulkId:bob' }] },
          { op: 'remove', path: 'members[value eq "bulkId:ada"]' },
        ),
      },
    ])
    expect(statuses(reply)).toEqual(['201', '200', '201', '201', '200'])
    const [crew, titled, ada, bob, changed] = reply.body.Operations
    expect(titled.location).toBe(ada.location)
    expect(changed.location).toBe(crew.location)
    expect(await membersOf(crew.location)).toEqual([idOf(bob.location)])
    const shown = await used.tenant.get(`/Users/${idOf(bob.location)}`)
    expect(shown.body[urns.enterprise].manager.value).toBe(idOf(ada.location))
  })

  // The example of RFC 7644 section 3.7.1.
  test('E3: may refer in a circle: groups become members of each other, with the versions that they then have', async () => {
    const names = [randomUUID(), randomUUID(), randomUUID()]
    const reply = await bulk([
      group('a', names[0] ?? '', 'bulkId:b'),
      group('b', names[1] ?? '', 'bulkId:c'),
      group('c', names[2] ?? '', 'bulkId:a'),
    ])
    expect(statuses(reply)).toEqual(['201', '201', '201'])
    const locations: string[] = reply.body.Operations.map(({ location }: { location: string }) => location)
    const [a = '', b = '', c = ''] = locations
    expect(await membersOf(a)).toEqual([idOf(b)])
    expect(await membersOf(b)).toEqual([idOf(c)])
    expect(await membersOf(c)).toEqual([idOf(a)])
    for (const { location, version } of reply.body.Operations)
      expect((await used.tenant.get(`/Groups/${idOf(location)}`)).body.meta.version).toBe(version)
  })

  test('E3: may refer in a circle through an extension: two users manage each other', async () => {
    const { body } = await bulk([managed('a', 'bulkId:b'), managed('b', 'bulkId:a')])
    const [a, b] = body.Operations.map(({ location }: { location: string }) => idOf(location))
    expect((await used.tenant.get(`/Users/${a}`)).body[urns.enterprise]).toMatchObject({
      department: 'R&D',
      manager: { value: b },
    })
    expect((await used.tenant.get(`/Users/${b}`)).body[urns.enterprise].manager.value).toBe(a)
  })

  test('E3: of nothing that was created is a conflict, and creates nothing', async () => {
    const names = [randomUUID(), randomUUID(), randomUUID()]
    const reply = await bulk([
      group('a', names[0] ?? '', 'bulkId:nobody'),
      group('b', names[1] ?? '', 'bulkId:a'),
      { method: 'DELETE', path: '/Groups/bulkId:a' },
      // A circle that cannot be closed, since one of the two is refused.
      group('c', names[2] ?? '', 'bulkId:d'),
      group('d', '', 'bulkId:c'),
      // A circle through a name.
      group('e', 'bulkId:e'),
    ])
    expect(statuses(reply)).toEqual(['409', '409', '409', '409', '400', '409'])
    for (const one of reply.body.Operations) expect(one).toHaveProperty('response.detail')
    for (const name of names) {
      const filter = encodeURIComponent(`displayName eq "${name}"`)
      expect((await used.tenant.get(`/Groups?filter=${filter}`)).body.totalResults).toBe(0)
    }
  })
})

test('each refusal inside of a bulk request is a log line that names its operation', async () => {
  const reply = await bulk([{ method: 'DELETE', path: `/Users/${nobody}` }])
  const lines = used.server.log.filter((line) => line['requestId'] === reply.headers['x-request-id'])
  expect(lines).toEqual([
    expect.objectContaining({ status: 404, operation: `DELETE /Users/${nobody}`, tenant: used.tenant.slug }),
  ])
})
