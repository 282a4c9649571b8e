import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

// Section 2 and 3 of RFC 7643: what a resource is, whichever way it came.
const used = useServer()
const unique = (): string => `${randomUUID()}@example.com`
const newUser = (more: object = {}): Promise<string> => used.tenant.create('/Users', aUser(unique(), more))

describe('a resource', () => {
  test('R1: lists each schema once, and an extension exactly while it has data', async () => {
    const reply = await used.tenant.post('/Users', {
      schemas: [urns.enterprise, urns.user, urns.user],
      userName: unique(),
      [urns.enterprise]: {},
    })
    expect(reply.body.schemas).toEqual([urns.user])
    expect(reply.body).not.toHaveProperty([urns.enterprise])
    const path = `/Users/${reply.body.id}`
    const department = `${urns.enterprise}:department`
    const added = await used.tenant.patch(path, aPatch({ op: 'add', path: department, value: 'R&D' }))
    expect(added.body.schemas).toEqual([urns.user, urns.enterprise])
    const cleared = await used.tenant.put(path, {
      userName: unique(),
      [urns.enterprise]: { department: null },
    })
    expect(cleared.body.schemas).toEqual([urns.user])
    expect(cleared.body).not.toHaveProperty([urns.enterprise])
  })

  test('R2: has an id of its own making, unique over all types, that no client can set', async () => {
    const bodies = [
      await used.tenant.post('/Users', {
        ...aUser(unique()),
        id: 'mine',
        meta: { location: 'x' },
        groups: [{ value: 'g' }],
      }),
      await used.tenant.post('/Groups', { ...aGroup(unique()), id: 'mine' }),
    ]
    const ids = bodies.map(({ body }) => body.id)
    expect(new Set([...ids, 'mine']).size).toBe(3)
    for (const id of ids) expect(id).not.toMatch(/bulkId/i)
    const put = await used.tenant.put(`/Users/${ids[0]}`, {
      ...aUser(unique()),
      id: 'other',
      meta: { version: 'x' },
    })
    expect(put.body).toMatchObject({ id: ids[0], meta: { version: 'W/"2"' } })
  })

  test('R3: was last modified when it was created, until something really changes', async () => {
    const created = await used.tenant.post('/Users', aUser(unique(), { title: 'Dr' }))
    const { meta, id } = created.body
    expect(meta).toEqual({
      resourceType: 'User',
      created: meta.created,
      lastModified: meta.created,
      location: `${used.tenant.baseURL}/Users/${id}`,
      version: 'W/"1"',
    })
    const change = (value: string) =>
      used.tenant.patch(`/Users/${id}`, aPatch({ op: 'replace', path: 'title', value }))
    expect((await change('Dr')).body.meta).toEqual(meta)
    expect((await used.tenant.put(`/Users/${id}`, created.body)).body.meta).toEqual(meta)
    const changed = (await change('Prof')).body.meta
    expect(changed).toMatchObject({ created: meta.created, version: 'W/"2"' })
    expect(Date.parse(changed.lastModified)).toBeGreaterThan(Date.parse(meta.created))
  })

  test('R4: gives the externalId back exactly as it came, and changes it only when told to', async () => {
    const externalId = ' Ünïque/ID "1" \\ '
    const id = await newUser({ externalId })
    await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'add', path: 'title', value: 'Dr' }))
    const found = await used.tenant.get(
      `/Users?filter=${encodeURIComponent(`externalId eq ${JSON.stringify(externalId)}`)}`,
    )
    expect(found.body.Resources).toMatchObject([{ id, externalId }])
    expect((await used.tenant.put(`/Users/${id}`, aUser(unique()))).body).not.toHaveProperty('externalId')
  })

  test('R5: does not tell null, an empty list and absence apart, and has names in any case', async () => {
    const userName = unique()
    const reply = await used.tenant.post('/Users', {
      SCHEMAS: [urns.user],
      USERNAME: userName,
      Name: { GIVENNAME: 'Ada', familyname: null },
      emails: [],
      Title: null,
      EMAILS: [{ VALUE: 'a@b.example', Type: 'work' }],
      [urns.enterprise.toUpperCase()]: { Department: 'R&D' },
    })
    expect(reply.body).toMatchObject({
      userName,
      name: { givenName: 'Ada' },
      emails: [{ value: 'a@b.example', type: 'work' }],
      [urns.enterprise]: { department: 'R&D' },
    })
    expect(reply.body).not.toHaveProperty('title')
    const { id } = reply.body
    const patched = await used.tenant.patch(
      `/Users/${id}`,
      aPatch({ op: 'Replace', path: 'NAME.givenname', value: null }),
    )
    expect(patched.body).not.toHaveProperty('name')
    expect((await used.tenant.get(`/Users/${id}?ATTRIBUTES=EMAILS.VALUE`)).body).toEqual({
      schemas: [urns.user, urns.enterprise],
      id,
      emails: [{ value: 'a@b.example' }],
    })
  })

  test('R6: has one primary value at most, and no value twice for one type', async () => {
    const reply = await used.tenant.post(
      '/Users',
      aUser(unique(), {
        emails: [
          { value: 'a@x.example', type: 'work', primary: true },
          { value: 'b@x.example', type: 'home', primary: true },
          { value: 'a@x.example', type: 'work' },
        ],
      }),
    )
    expect(reply.body.emails).toEqual([
      { value: 'a@x.example', type: 'work', primary: true },
      { value: 'b@x.example', type: 'home', primary: false },
    ])
  })

  test('R7: needs a name that nobody of its type has in any case or compatible form', async () => {
    const name = randomUUID()
    await used.tenant.create('/Users', aUser(`ﬁne-${name}`))
    expect(await used.tenant.post('/Users', aUser(`FINE-${name}`))).toEqual(scimError(409, 'uniqueness'))
    for (const body of [{}, { userName: '' }, { userName: null }])
      expect(await used.tenant.post('/Users', body)).toEqual(scimError(400, 'invalidValue'))
    expect(await used.tenant.post('/Groups', { members: [] })).toEqual(scimError(400, 'invalidValue'))
    // Users and groups do not take each other's names.
    await used.tenant.create('/Groups', aGroup(`ﬁne-${name}`))
  })

  test('R8: shows its password to nobody: no answer, no filter, no attribute list', async () => {
    const id = await newUser({ password: 'hunter2' })
    await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'replace', path: 'password', value: 'hunter3' }))
    const reply = await used.tenant.get(`/Users/${id}?attributes=password,userName`)
    expect(reply.text).not.toContain('password')
    expect(await used.tenant.get('/Users?filter=password%20eq%20%22hunter2%22')).toEqual(
      scimError(400, 'invalidFilter'),
    )
    expect(reply.text + JSON.stringify(used.server.log)).not.toMatch(/hunter[23]/)
  })

  test('R9: cannot be put into a group by its own side, only by that of the group', async () => {
    const id = await newUser()
    const group = await used.tenant.create('/Groups', aGroup(unique(), [id]))
    expect(
      (await used.tenant.put(`/Users/${id}`, { ...aUser(unique()), groups: [] })).body.groups,
    ).toHaveLength(1)
    const add = aPatch({ op: 'add', path: 'groups', value: [{ value: group }] })
    expect(await used.tenant.patch(`/Users/${id}`, add)).toEqual(scimError(400, 'mutability'))
    const change = aPatch({ op: 'replace', path: `members[value eq "${id}"].value`, value: 'other' })
    expect(await used.tenant.patch(`/Groups/${group}`, change)).toEqual(scimError(400, 'mutability'))
  })

  test('R10: always shows id and schemas, whatever is asked for or excluded', async () => {
    const id = await newUser({ title: 'Dr' })
    const few = { schemas: [urns.user], id }
    expect((await used.tenant.get(`/Users/${id}?attributes=nothing`)).body).toEqual(few)
    const excluded = 'id,schemas,userName,active,title,meta'
    expect((await used.tenant.get(`/Users/${id}?excludedAttributes=${excluded}`)).body).toEqual(few)
  })

  test('R11: ignores readOnly attributes in POST and PUT, and refuses them in PATCH as mutability', async () => {
    const id = await newUser()
    const put = await used.tenant.put(`/Users/${id}`, {
      ...aUser(unique()),
      meta: { created: '1999-01-01T00:00:00Z' },
    })
    expect(put.status).toBe(200)
    expect(put.body.meta.created).not.toContain('1999')
    for (const path of ['id', 'meta', 'meta.created', 'groups'])
      expect(await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'replace', path, value: 'x' }))).toEqual(
        scimError(400, 'mutability'),
      )
    const same = aPatch({ op: 'replace', path: 'id', value: id })
    expect((await used.tenant.patch(`/Users/${id}`, same)).status).toBe(200)
  })

  test.for([
    ['active', 1],
    ['active', 'yes'],
    ['title', 7],
    ['title', { deep: true }],
    ['x509Certificates', [{ value: 'not base64!' }]],
    ['emails', [{ value: 'a', primary: 'sometimes' }]],
    ['name', 'Ada Lovelace'],
    ['title', ['a', 'b']],
  ] as const)('R12: %s cannot be %j', async ([name, value]) => {
    const wrong = { [name]: value }
    expect(await used.tenant.post('/Users', aUser(unique(), wrong))).toEqual(scimError(400, 'invalidValue'))
  })

  // Entra's validator and scim2-tester send random texts here.
  test('R12: may have any text for locale, time zone, country and URL', async () => {
    const odd = {
      locale: 'x y',
      timezone: 'Mars/Olympus',
      profileUrl: 'no url',
      addresses: [{ country: 'Atlantis' }],
    }
    expect((await used.tenant.post('/Users', aUser(unique(), odd))).body).toMatchObject(odd)
  })
})
