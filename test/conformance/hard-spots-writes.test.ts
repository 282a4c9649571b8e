import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

import type { Reply } from '#test/kit/server.ts'

// Failures that were seen in other servers, by number; the rest carries its number in the tests of its room.
const used = useServer()

const newUser = (more: object = {}): Promise<string> =>
  used.tenant.create('/Users', aUser(`${randomUUID()}@example.com`, more))

/** In the order in which a group shows them. */
const newUsers = async (count: number): Promise<readonly string[]> =>
  (await Promise.all(Array.from({ length: count }, () => newUser()))).toSorted()

const newGroup = (members: readonly string[] = []): Promise<string> =>
  used.tenant.create('/Groups', aGroup(randomUUID(), members))

const patched = async (path: string, ...operations: readonly object[]): Promise<Reply> => {
  const reply = await used.tenant.patch(path, aPatch(...operations))
  expect(reply.status).toBe(200)
  return reply
}

const membersOf = async (group: string): Promise<readonly string[]> => {
  const { body } = await used.tenant.get(`/Groups/${group}`)
  return (body.members ?? []).map(({ value }: { value: string }) => value)
}

describe('members', () => {
  test.for([
    ['Remove', (value: string) => [{ $ref: null, value }]],
    ['remove', (value: string) => [{ value }]],
    ['remove', (value: string) => ({ value })],
    ['remove', (value: string) => value],
  ] as const)('hard spot 1: %s with a value takes those away and nobody else (%o)', async ([op, value]) => {
    const [a = '', b = '', c = ''] = await newUsers(3)
    const group = await newGroup([a, b, c])
    await patched(`/Groups/${group}`, { op, path: 'members', value: value(b) })
    expect(await membersOf(group)).toEqual([a, c])
  })

  test('hard spot 4: a rename, and a change of another attribute, without path keep the members', async () => {
    const users = await newUsers(2)
    const group = await newGroup(users)
    await patched(`/Groups/${group}`, { op: 'replace', value: { displayName: randomUUID() } })
    await patched(`/Groups/${group}`, { op: 'replace', value: { externalId: 'g-1' } })
    expect(await membersOf(group)).toEqual(users)
  })

  test.for([
    ['by path', { op: 'replace', path: 'members', value: [] }],
    ['without path', { op: 'replace', value: { members: [] } }],
  ] as const)('hard spot 5: replaced by nobody, %s, are gone', async ([, operation]) => {
    const group = await newGroup(await newUsers(2))
    await patched(`/Groups/${group}`, operation)
    expect(await membersOf(group)).toEqual([])
  })

  test('hard spot 6: replaced by others are exactly those', async () => {
    const [a = '', b = '', c = ''] = await newUsers(3)
    const group = await newGroup([a, b])
    await patched(`/Groups/${group}`, {
      op: 'replace',
      path: 'members',
      value: [{ value: b }, { value: c }],
    })
    expect(await membersOf(group)).toEqual([b, c])
  })

  test('hard spot 7: need nothing but a value, and may bring more than that', async () => {
    const [a = '', b = '', c = ''] = await newUsers(3)
    const group = await newGroup()
    const value = [
      { value: a },
      { value: b, display: 'B', $ref: null, type: null },
      { value: c, type: 'User', $ref: 'https://elsewhere.example/Users/x', unknown: 1 },
    ]
    await patched(`/Groups/${group}`, { op: 'add', path: 'members', value })
    expect(await membersOf(group)).toEqual([a, b, c])
    const put = await used.tenant.put(`/Groups/${group}`, { displayName: randomUUID(), members: value })
    expect(put.status).toBe(200)
    expect(await membersOf(group)).toEqual([a, b, c])
  })

  test('hard spot 13: one that nobody knows does not keep the others out', async () => {
    const [a = '', b = ''] = await newUsers(2)
    const group = await newGroup()
    const value = [{ value: a }, { value: randomUUID() }, { value: 'no uuid at all' }, { value: b }]
    await patched(`/Groups/${group}`, { op: 'add', path: 'members', value })
    expect(await membersOf(group)).toEqual([a, b])
  })

  test('hard spot 25: that are groups look the same in the list and alone, and make no users', async () => {
    const tenant = await used.server.newTenant()
    const user = await tenant.create('/Users', aUser('only@example.com'))
    const inner = await tenant.create('/Groups', aGroup('Inner', [user]))
    const outer = await tenant.create('/Groups', aGroup('Outer', [inner, user, randomUUID()]))
    const alone = (await tenant.get(`/Groups/${outer}`)).body
    const listed = (await tenant.get('/Groups')).body.Resources.find(({ id }: { id: string }) => id === outer)
    expect(listed).toEqual(alone)
    expect(alone.members).toHaveLength(2)
    expect(alone.members).toContainEqual(expect.objectContaining({ value: inner, type: 'Group' }))
    expect(alone.members).toContainEqual(expect.objectContaining({ value: user, type: 'User' }))
    expect((await tenant.get('/Users')).body.totalResults).toBe(1)
  })

  test('hard spot 26: twenty thousand come in one PUT of more than a megabyte, and over the limit is a SCIM 413', async () => {
    const displayName = randomUUID()
    const group = await used.tenant.create('/Groups', aGroup(displayName))
    const late = `late-${randomUUID()}`
    const members = Array.from({ length: 20_000 }, (_, n) => ({ value: `${n}-${randomUUID()}` }))
    const body = { displayName, members: [...members, { value: late }] }
    expect(JSON.stringify(body).length).toBeGreaterThan(1_000_000)
    expect((await used.tenant.put(`/Groups/${group}`, body)).status).toBe(200)
    const user = await newUser({ externalId: late })
    expect(await membersOf(group)).toEqual([user])
    const raw = JSON.stringify({ displayName, externalId: 'x'.repeat(11 * 1024 * 1024) })
    expect(await used.tenant.send('PUT', `/Groups/${group}`, { raw })).toEqual(scimError(413))
  })

  test('hard spot 39: leave with a deleted user, also while others put that user into groups', async () => {
    const groups = await Promise.all(Array.from({ length: 4 }, () => newGroup()))
    for (const user of await newUsers(8)) {
      const add = aPatch({ op: 'add', path: 'members', value: [{ value: user }] })
      const [removed, ...added] = await Promise.all([
        used.tenant.delete(`/Users/${user}`),
        ...groups.map((group) => used.tenant.patch(`/Groups/${group}`, add)),
      ])
      expect(removed.status).toBe(204)
      expect(added.map(({ status }) => status)).toEqual(groups.map(() => 200))
    }
    expect(await Promise.all(groups.map(membersOf))).toEqual(groups.map(() => []))
  })
})

describe('values', () => {
  test.for(['False', 'false', 'FALSE'])('hard spot 2: the text %j is the boolean false', async (text) => {
    const created = await used.tenant.post('/Users', aUser(randomUUID(), { active: text }))
    expect(created.body.active).toBe(false)
    const id = await newUser()
    const off = await patched(`/Users/${id}`, { op: 'Replace', path: 'active', value: text })
    expect(off.body.active).toBe(false)
    const filter = encodeURIComponent(`active eq "${text}" and id eq "${id}"`)
    expect((await used.tenant.get(`/Users?filter=${filter}`)).body.totalResults).toBe(1)
  })

  test('hard spot 3: a PATCH without a path sets what its value names', async () => {
    const id = await newUser({ nickName: 'stays' })
    const value = { title: 'Dr', name: { familyName: 'Doe' }, active: false }
    const reply = await patched(
      `/Users/${id}`,
      { op: 'replace', value },
      { op: 'add', value: { locale: 'is' } },
    )
    expect(reply.body).toMatchObject({ ...value, nickName: 'stays', locale: 'is' })
  })

  test('hard spot 8: keys with dots, brackets and URNs in a value are paths', async () => {
    const id = await newUser({ name: { givenName: 'A', familyName: 'B' } })
    const reply = await patched(`/Users/${id}`, {
      op: 'replace',
      value: {
        'name.givenName': 'Ada',
        'emails[type eq "work"].value': 'ada@work.example',
        [`${urns.enterprise}:department`]: 'R&D',
        [`${urns.user}:title`]: 'Countess',
      },
    })
    expect(reply.body).toMatchObject({
      name: { givenName: 'Ada', familyName: 'B' },
      emails: [{ type: 'work', value: 'ada@work.example' }],
      [urns.enterprise]: { department: 'R&D' },
      title: 'Countess',
    })
  })

  test.for(['add', 'replace'])('hard spot 9: %s to a typed e-mail that is not there makes it', async (op) => {
    const id = await newUser()
    const path = 'emails[type eq "work"].value'
    const reply = await patched(`/Users/${id}`, { op, path, value: 'new@work.example' })
    expect(reply.body.emails).toEqual([{ type: 'work', value: 'new@work.example' }])
  })

  test.for([['bare text'], ['object'], ['list'], ['list with $ref'], ['PUT']] as const)(
    'hard spot 10: a manager comes as %s, and goes with an empty one',
    async ([shape]) => {
      const manager = randomUUID()
      const shapes = {
        'bare text': manager,
        object: { value: manager },
        list: [{ value: manager }],
        'list with $ref': [{ $ref: null, value: manager }],
        PUT: manager,
      }
      const userName = `${randomUUID()}@example.com`
      const id = await used.tenant.create('/Users', aUser(userName))
      const path = `${urns.enterprise}:manager`
      const reply =
        shape === 'PUT'
          ? await used.tenant.put(`/Users/${id}`, aUser(userName, { [urns.enterprise]: { manager } }))
          : await patched(`/Users/${id}`, { op: 'Add', path, value: shapes[shape] })
      expect(reply.body[urns.enterprise]).toMatchObject({ manager: { value: manager } })
      const value = shape === 'object' ? { value: '' } : ''
      const cleared = await patched(`/Users/${id}`, { op: 'Replace', path, value })
      expect(cleared.body).not.toHaveProperty([urns.enterprise])
    },
  )

  test('hard spot 31: the own id of a group in its PATCH is no change, another one is refused', async () => {
    const group = await newGroup()
    const before = (await used.tenant.get(`/Groups/${group}`)).body
    expect((await patched(`/Groups/${group}`, { op: 'replace', value: { id: group } })).body).toEqual(before)
    const other = aPatch({ op: 'replace', value: { id: randomUUID() } })
    expect(await used.tenant.patch(`/Groups/${group}`, other)).toEqual(scimError(400, 'mutability'))
  })

  test('hard spot 32: a primary value that comes again is no change', async () => {
    const email = { value: 'p@example.com', type: 'work', primary: true }
    const id = await newUser({ emails: [email] })
    const before = (await used.tenant.get(`/Users/${id}`)).body
    for (const operation of [
      { op: 'add', path: 'emails', value: [email] },
      { op: 'replace', path: 'emails', value: [email] },
      { op: 'replace', path: 'emails[type eq "work"].primary', value: 'True' },
    ])
      expect((await patched(`/Users/${id}`, operation)).body).toEqual(before)
  })

  test('hard spot 38: active that is removed stays unassigned, and the user counts as active', async () => {
    const id = await newUser({ active: false })
    await patched(`/Users/${id}`, { op: 'remove', path: 'active' })
    const { body } = await used.tenant.get(`/Users/${id}`)
    expect(body).not.toHaveProperty('active')
    const filter = encodeURIComponent(`id eq "${id}" and active pr`)
    expect((await used.tenant.get(`/Users?filter=${filter}`)).body.totalResults).toBe(0)
  })
})

describe('users who come and go', () => {
  test('hard spot 20: an inactive user is read and found, and cannot be made a second time', async () => {
    const userName = `${randomUUID()}@example.com`
    const id = await used.tenant.create('/Users', aUser(userName, { active: false }))
    expect((await used.tenant.get(`/Users/${id}`)).body).toMatchObject({ userName, active: false })
    const filter = encodeURIComponent(`userName eq "${userName}"`)
    expect((await used.tenant.get(`/Users?filter=${filter}`)).body.Resources).toMatchObject([{ id }])
    expect(await used.tenant.post('/Users', aUser(userName))).toEqual(scimError(409, 'uniqueness'))
  })

  test('hard spot 21: a name for the grave comes with the deactivation, keeps the shown name, and frees the old one', async () => {
    const userName = `${randomUUID()}@example.com`
    const displayName = 'Zoë Ångström'
    const id = await used.tenant.create('/Users', aUser(userName, { displayName }))
    const tombstone = `${randomUUID().replaceAll('-', '')}${userName}`
    const reply = await patched(
      `/Users/${id}`,
      { op: 'Replace', path: 'userName', value: tombstone },
      { op: 'Replace', path: 'active', value: 'False' },
    )
    expect(reply.body).toMatchObject({ userName: tombstone, active: false, displayName })
    expect(await used.tenant.create('/Users', aUser(userName))).not.toBe(id)
  })

  test('hard spot 23: a user needs no e-mail, no name and nothing else but a userName', async () => {
    const reply = await used.tenant.post('/Users', { userName: `${randomUUID()}@example.com` })
    expect(reply.status).toBe(201)
  })

  test('hard spot 24: a user with the e-mail of another is another user, and the first stays as it is', async () => {
    const emails = [{ value: `${randomUUID()}@example.com`, type: 'work', primary: true }]
    const first = await newUser({ emails, displayName: 'First' })
    const before = (await used.tenant.get(`/Users/${first}`)).body
    expect(await newUser({ emails, displayName: 'Second' })).not.toBe(first)
    const taken = { ...before, id: undefined, displayName: 'Third' }
    expect(await used.tenant.post('/Users', taken)).toEqual(scimError(409, 'uniqueness'))
    expect((await used.tenant.get(`/Users/${first}`)).body).toEqual(before)
  })
})
