import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

// What clients get away with, one rule each. Some are seen at one vendor only; all hold for every tenant.
const used = useServer()

const newUser = (more: object = {}): Promise<string> =>
  used.tenant.create('/Users', aUser(`${randomUUID()}@example.com`, more))

/** The resource after a PATCH with this body. */
const after = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
  const reply = await used.tenant.patch(path, body)
  expect(reply.status).toBe(200)
  return reply.body
}

test('tolerance 1: op and the keys of a body come in any case', async () => {
  const id = await newUser()
  for (const [op, key, title] of [
    ['Replace', 'Operations', 'A'],
    ['REPLACE', 'operations', 'B'],
    ['rePlace', 'OPERATIONS', 'C'],
  ] as const)
    expect(
      await after(`/Users/${id}`, {
        schemas: [urns.patchOp],
        [key]: [{ Op: op, PATH: 'Title', Value: title }],
      }),
    ).toMatchObject({ title })
  const created = await used.tenant.post('/Users', {
    USERNAME: `${randomUUID()}@x`,
    Name: { GIVENNAME: 'Ada' },
  })
  expect(created.body).toMatchObject({ name: { givenName: 'Ada' } })
})

test.for(['True', 'true', 'False', 'false'])(
  'tolerance 2: %j is a boolean in bodies, PATCH values and filters',
  async (text) => {
    const value = text.toLowerCase() === 'true'
    const emails = [{ value: 'x@example.com', primary: text }]
    const created = await used.tenant.post('/Users', aUser(randomUUID(), { active: text, emails }))
    expect(created.body).toMatchObject({ active: value, emails: [{ primary: value }] })
    const { id } = created.body
    await after(`/Users/${id}`, aPatch({ op: 'replace', path: 'active', value: !value }))
    expect(await after(`/Users/${id}`, aPatch({ op: 'replace', path: 'active', value: text }))).toMatchObject(
      { active: value },
    )
    const filter = encodeURIComponent(`id eq "${id}" and active eq ${text}`)
    expect((await used.tenant.get(`/Users?filter=${filter}`)).body.totalResults).toBe(1)
  },
)

test('tolerance 3: a list of one stands for a single value, and the other way round', async () => {
  const id = await newUser()
  expect(
    await after(`/Users/${id}`, aPatch({ op: 'replace', path: 'active', value: [false] })),
  ).toMatchObject({ active: false })
  const email = { value: 'one@example.com', type: 'work' }
  expect(await after(`/Users/${id}`, aPatch({ op: 'add', path: 'emails', value: email }))).toMatchObject({
    emails: [email],
  })
  const created = await used.tenant.post('/Users', aUser(randomUUID(), { title: ['Dr'], emails: email }))
  expect(created.body).toMatchObject({ title: 'Dr', emails: [email] })
})

test.for(['name.givenName', `${urns.user}:name.givenName`])(
  'tolerance 4: the key %s of a value without path is a path',
  async (key) => {
    const id = await newUser({ name: { familyName: 'stays' } })
    expect(await after(`/Users/${id}`, aPatch({ op: 'add', value: { [key]: 'Ada' } }))).toMatchObject({
      name: { givenName: 'Ada', familyName: 'stays' },
    })
  },
)

describe('tolerance 5: schemas', () => {
  test.for([
    'urn:scim:schemas:extension:enterprise:1.0',
    'urn:scim:schemas:extension:enterprise:2.0',
    'urn:scim:schemas:extension:enterprise:2.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprise:1.0:User',
  ])('tolerance 5: %s is the enterprise extension', async (urn) => {
    const sent = {
      schemas: ['urn:scim:schemas:core:1.0', urn],
      userName: randomUUID(),
      [urn]: { department: 'D' },
    }
    const { body } = await used.tenant.post('/Users', sent)
    expect(body).toMatchObject({
      schemas: [urns.user, urns.enterprise],
      [urns.enterprise]: { department: 'D' },
    })
  })

  test('tolerance 5: those and attributes that nobody knows are dropped', async () => {
    const unknown = { schemas: [urns.user, 'urn:x:y'], 'urn:x:y': { a: 1 }, favouriteColour: 'blue' }
    const reply = await used.tenant.post('/Users', { ...aUser(randomUUID()), ...unknown })
    expect(reply.status).toBe(201)
    expect(reply.body.schemas).toEqual([urns.user])
    expect(reply.body).not.toHaveProperty('favouriteColour')
  })
})

test.for(['boss', { value: 'boss' }, [{ value: 'boss' }], { managerId: 'boss' }].map((value) => ({ value })))(
  'tolerance 6: a manager may be $value, and "" or [] clears it',
  async ({ value }) => {
    const sent = aUser(randomUUID(), { [urns.enterprise]: { manager: value, department: 'D' } })
    const { body } = await used.tenant.post('/Users', sent)
    expect(body[urns.enterprise]).toEqual({
      department: 'D',
      manager: expect.objectContaining({ value: 'boss' }),
    })
    for (const nothing of ['', [], { value: '' }]) {
      const path = `${urns.enterprise}:manager`
      await after(`/Users/${body.id}`, aPatch({ op: 'add', path, value: 'boss' }))
      const cleared = await after(`/Users/${body.id}`, aPatch({ op: 'replace', path, value: nothing }))
      expect(cleared[urns.enterprise]).toEqual({ department: 'D' })
    }
  },
)

test('tolerance 7: members to remove are named by value, as text or object, or by filter: only those go', async () => {
  const [a = '', b = '', c = '', d = ''] = (await Promise.all([1, 2, 3, 4].map(() => newUser()))).toSorted()
  const id = await used.tenant.create('/Groups', aGroup(randomUUID(), [a, b, c, d]))
  const steps = [
    [{ op: 'remove', path: 'members', value: [{ value: a }] }, [b, c, d]],
    [{ op: 'remove', path: 'members', value: [b] }, [c, d]],
    [{ op: 'remove', path: `members[value eq "${c}"]` }, [d]],
  ] as const
  for (const [operation, left] of steps)
    expect(await after(`/Groups/${id}`, aPatch(operation))).toMatchObject({
      members: left.map((value) => ({ value })),
    })
})

test('tolerance 8: empty text for an optional attribute unassigns it', async () => {
  const created = await used.tenant.post(
    '/Users',
    aUser(randomUUID(), { title: '', name: { givenName: '' } }),
  )
  expect(created.body).not.toHaveProperty('title')
  expect(created.body).not.toHaveProperty('name')
  const id = await newUser({ title: 'Dr' })
  expect(await after(`/Users/${id}`, aPatch({ op: 'replace', path: 'title', value: '' }))).not.toHaveProperty(
    'title',
  )
})

test.for(['Bearer ', 'bearer ', 'BEARER  ', ''])(
  'tolerance 9: %j may stand before the token',
  async (scheme) => {
    const headers = { authorization: `${scheme}${used.tenant.token}` }
    expect((await used.tenant.send('GET', '/Users', { token: null, headers })).status).toBe(200)
  },
)

test.for([
  '/Users/',
  '//Users',
  '/v2/Users',
  '/Users?',
  '/Users?&',
  '/Users?a=b',
  '/Users?startindex=0&COUNT=5',
])('tolerance 10: %s is /Users', async (path) => {
  const tenant = await used.server.newTenant({ endpointPath: '/api/v1/scim' })
  const reply = await tenant.get(path)
  expect(reply).toMatchObject({ status: 200, body: { schemas: [urns.list], startIndex: 1 } })
})

test('tolerance 11: literals of a filter need no quotes', async () => {
  const userName = `${randomUUID()}@example.com`
  await used.tenant.create('/Users', aUser(userName))
  for (const filter of [
    `userName eq ${userName}`,
    `userName sw ${userName.slice(0, 20)} and meta.created gt 2020-01-01T00:00:00Z`,
  ]) {
    const reply = await used.tenant.get(`/Users?filter=${encodeURIComponent(filter)}`)
    expect(reply.body.Resources).toMatchObject([{ userName }])
  }
})

test.for(['', 'application/json; charset=utf-8', 'application/json', 'text/json', 'APPLICATION/SCIM+JSON'])(
  'tolerance 12: a body of type %j is read',
  async (type) => {
    const reply = await used.tenant.send('POST', '/Users', {
      body: aUser(randomUUID()),
      headers: { 'content-type': type },
    })
    expect(reply.status).toBe(201)
  },
)
