import { randomUUID } from 'node:crypto'

import { beforeAll, describe, expect, test } from 'vitest'

import { aPolicy, evaluateAll } from '#test/kit/evaluate.ts'
import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

import type { Reply, TestTenant } from '#test/kit/server.ts'

// What the product promises the people who buy it, told by both of its faces: SCIM writes, the Directory API shows.
const used = useServer()
let tenant: TestTenant
let reader = ''

const directory = async (path: string, method = 'GET'): Promise<Reply> =>
  sendTo(used.server.directoryURL + path, method, { token: reader })

/** The user as the product shows it; undefined if it does not. */
const shown = async (id: string, state = ''): Promise<Readonly<Record<string, unknown>> | undefined> => {
  const { body } = await directory(`/v1/users?limit=1000${state === '' ? '' : `&state=${state}`}`)
  return body.items.find((item: { id: string }) => item.id === id)
}

/** Values that the user holds once everything is evaluated. */
const held = async (id: string): Promise<readonly string[]> => {
  await evaluateAll(used.db.workerUrl, tenant.id)
  const { body } = await directory(`/v1/assignments?user=${id}`)
  return body.items.map(({ value }: { value: string }) => value).toSorted()
}

const newUser = (more: object = {}): Promise<string> =>
  tenant.create('/Users', aUser(`${randomUUID()}@example.com`, more))

const set = async (id: string, path: string, value: unknown): Promise<void> => {
  expect((await tenant.patch(`/Users/${id}`, aPatch({ op: 'replace', path, value }))).status).toBe(200)
}

/** A group with these members, which gives a radio to each; groups of other tests give none of theirs. */
const newCrew = async (members: readonly string[]): Promise<string> => {
  const displayName = `Crew ${randomUUID()}`
  const group = await tenant.create('/Groups', aGroup(displayName, members))
  await aPolicy(used.server.owner, tenant.id, {
    name: displayName,
    cardinality: 'Many',
    rules: [{ name: 'crew', match: { anyGroup: [{ displayName }] }, assign: ['radio'] }],
  })
  return group
}

const againProfile = (n: number): object =>
  aUser(`again-${n}@example.com`, { externalId: `e-${n}`, title: 'T' })

beforeAll(async () => {
  tenant = await used.server.newTenant()
  reader = await used.server.newToken(tenant.id, { scope: 'read' })
})

describe('what is used of a user', () => {
  test('K5: is the name, the title, the department, active and the first e-mail; the rest is kept and has no effect', async () => {
    const more = {
      displayName: 'Ada',
      name: { formatted: 'Ada L', givenName: 'A' },
      title: 'Captain',
      emails: [{ value: 'ada@example.com' }],
      [urns.enterprise]: { department: 'Deck', division: 'North' },
    }
    const unused = { nickName: 'A', locale: 'is', phoneNumbers: [{ value: '1' }], userType: 'x' }
    const id = await newUser({ ...more, ...unused })
    const plain = await newUser(more)
    const facts = { displayName: 'Ada', email: 'ada@example.com', title: 'Captain', department: 'Deck' }
    const full = await shown(id)
    expect(full).toMatchObject({ ...facts, active: true })
    const userName = full?.['userName']
    expect({ ...(await shown(plain)), id, userName }).toEqual(full)
    expect((await tenant.get(`/Users/${id}`)).body).toMatchObject(unused)
  })

  test.for([
    [{ displayName: 'D', name: { formatted: 'F' } }, 'D', false],
    [{ name: { formatted: 'F', familyName: 'N' } }, 'F', false],
    [{ name: { givenName: 'G', familyName: 'N' } }, 'G N', false],
    [{}, undefined, true],
  ] as const)('K6: the name of %j is shown as %s', async ([more, displayName, incomplete]) => {
    const user = await shown(await newUser(more))
    expect(user).toMatchObject({ displayName: displayName ?? user?.['userName'], incomplete })
  })

  test('K7: the e-mail is the first in the list, also after the order changed or the first one went', async () => {
    const emails = [
      { value: 'first@example.com', type: 'home' },
      { value: 'second@example.com', type: 'work', primary: true },
    ]
    const id = await newUser({ emails })
    expect(await shown(id)).toMatchObject({ email: 'first@example.com' })
    await set(id, 'emails', emails.toReversed())
    expect(await shown(id)).toMatchObject({ email: 'second@example.com' })
    await tenant.patch(`/Users/${id}`, aPatch({ op: 'remove', path: 'emails[type eq "work"]' }))
    expect(await shown(id)).toMatchObject({ email: 'first@example.com' })
  })
})

describe('archived users', () => {
  test.for([false, 'False'])(
    'K8: %j by PATCH moves a user there, who is still read by SCIM',
    async (active) => {
      const id = await newUser()
      await set(id, 'active', active)
      expect(await shown(id, 'active')).toBeUndefined()
      expect(await shown(id, 'archived')).toMatchObject({ archived: true })
      expect(await tenant.get(`/Users/${id}`)).toMatchObject({ status: 200, body: { active: false } })
    },
  )

  test('K8: PUT moves a user there, and a deletion takes it from everywhere', async () => {
    const userName = `${randomUUID()}@example.com`
    const id = await tenant.create('/Users', aUser(userName))
    await tenant.put(`/Users/${id}`, aUser(userName, { active: false }))
    expect(await shown(id, 'archived')).toMatchObject({ userName })
    await tenant.delete(`/Users/${id}`)
    expect(await shown(id)).toBeUndefined()
  })

  test('K9: a reactivated user is the same one, with its groups and its assignments', async () => {
    const id = await newUser()
    const group = await newCrew([id])
    expect(await held(id)).toEqual(['radio'])
    await set(id, 'active', false)
    expect(await held(id)).toEqual([])
    await set(id, 'active', true)
    expect(await held(id)).toEqual(['radio'])
    const { body } = await tenant.get(`/Users/${id}`)
    expect(body).toMatchObject({ id, active: true, groups: [{ value: group }] })
  })
})

describe('groups', () => {
  test('K11: are optional: users alone are a complete set-up', async () => {
    const usersOnly = await used.server.newTenant()
    const id = await usersOnly.create('/Users', aUser('alone@example.com'))
    expect((await usersOnly.get('/Groups')).body).toMatchObject({ totalResults: 0, Resources: [] })
    expect((await usersOnly.get(`/Users/${id}`)).body).not.toHaveProperty('groups')
  })

  test('K12: count members once they are provisioned, and by themselves then', async () => {
    const externalId = randomUUID()
    const present = await newUser()
    const group = await newCrew([present, externalId])
    expect((await tenant.get(`/Groups/${group}`)).body.members).toMatchObject([{ value: present }])
    const late = await newUser({ externalId })
    expect((await tenant.get(`/Groups/${group}`)).body.members).toHaveLength(2)
    expect(await held(late)).toEqual(['radio'])
  })

  test('K13: that are deleted take their assignments along and leave their users', async () => {
    const id = await newUser()
    const group = await newCrew([id])
    expect(await held(id)).toEqual(['radio'])
    expect((await tenant.delete(`/Groups/${group}`)).status).toBe(204)
    expect(await held(id)).toEqual([])
    expect(await shown(id, 'active')).toBeDefined()
  })

  test('K14: that are no longer pushed stay as they were, whatever happens to other groups and to their users', async () => {
    const ids = [await newUser(), await newUser()]
    const left = await tenant.create('/Groups', aGroup(`Left ${randomUUID()}`, ids))
    const before = (await tenant.get(`/Groups/${left}`)).body
    const pushed = await tenant.create('/Groups', aGroup(`Pushed ${randomUUID()}`, ids))
    await set(ids[0] ?? '', 'active', false)
    await tenant.patch(`/Groups/${pushed}`, aPatch({ op: 'replace', path: 'members', value: [] }))
    await tenant.delete(`/Groups/${pushed}`)
    expect((await tenant.get(`/Groups/${left}`)).body).toEqual(before)
  })

  test('K17: that change members change assignments with the next evaluation, by PATCH and by PUT', async () => {
    const [a, b] = [await newUser(), await newUser()]
    const group = await newCrew([a])
    expect([await held(a), await held(b)]).toEqual([['radio'], []])
    await tenant.patch(`/Groups/${group}`, aPatch({ op: 'add', path: 'members', value: [{ value: b }] }))
    expect([await held(a), await held(b)]).toEqual([['radio'], ['radio']])
    const { displayName } = (await tenant.get(`/Groups/${group}`)).body
    await tenant.put(`/Groups/${group}`, aGroup(displayName, [b]))
    expect([await held(a), await held(b)]).toEqual([[], ['radio']])
  })
})

describe('the identity provider', () => {
  test('K4: has a token for its own tenant only, and only to provision', async () => {
    const other = await used.server.newTenant()
    expect(await sendTo(`${tenant.baseURL}/Users`, 'GET', { token: other.token })).toEqual(scimError(401))
    expect(await sendTo(`${tenant.baseURL}/Users`, 'GET', { token: reader })).toEqual(scimError(401))
    expect((await tenant.get('/Users')).status).toBe(200)
  })

  test('K15: is the only one that writes: the Directory API has no method that does', async () => {
    for (const path of ['/v1/users', '/v1/groups', '/v1/assignments', '/v1/explain'])
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
        expect((await directory(path, method)).status).toBe(405)
  })

  test('K16: can stop and start over: the same users and groups, nothing twice, nothing modified', async () => {
    const fresh = await used.server.newTenant()
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push(await fresh.create('/Users', againProfile(n)))
    const group = await fresh.create('/Groups', aGroup('Again', ids))
    const before = (await fresh.get('/')).body
    for (const [n, id] of ids.entries()) {
      expect(await fresh.post('/Users', againProfile(n))).toEqual(scimError(409, 'uniqueness'))
      await fresh.put(`/Users/${id}`, againProfile(n))
      await fresh.patch(`/Users/${id}`, aPatch({ op: 'Add', path: 'title', value: 'T' }))
    }
    await fresh.put(`/Groups/${group}`, aGroup('Again', ids))
    const members = ids.map((value) => ({ value }))
    await fresh.patch(`/Groups/${group}`, aPatch({ op: 'Add', path: 'members', value: members }))
    expect((await fresh.get('/')).body).toEqual(before)
  })

  test('K18: may list and import, though its own connector may not offer that', async () => {
    const fresh = await used.server.newTenant()
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push(await fresh.create('/Users', aUser(`import-${n}@example.com`)))
    const pages = [1, 3, 5, 7].map((startIndex) => fresh.get(`/Users?startIndex=${startIndex}&count=2`))
    const listed = (await Promise.all(pages)).flatMap(({ body }) => body.Resources)
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(ids)
  })
})

test('K22: where the product documents contradict each other, the lenient reading holds', async () => {
  const fresh = await used.server.newTenant()
  expect((await fresh.post('/Users', { userName: 'no-display-name@example.com' })).status).toBe(201)
  expect((await fresh.post('/Groups', { displayName: 'Nobody in it' })).status).toBe(201)
  expect((await fresh.post('/Groups', aGroup('Nobody in it either', []))).status).toBe(201)
})
