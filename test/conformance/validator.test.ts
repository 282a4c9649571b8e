import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

import type { Reply } from '#test/kit/server.ts'

// The tests of Microsoft's SCIM Validator, as its published runs show them; itself it runs on the internet only.
const used = useServer()

const someText = (): string => randomUUID().replaceAll('-', '').slice(0, 12)

/** A user as the validator makes one: random text everywhere, booleans as strings. */
const profile = (userName: string): Readonly<Record<string, unknown>> => ({
  schemas: [urns.user, urns.enterprise],
  userName,
  active: true,
  displayName: someText(),
  title: someText(),
  preferredLanguage: 'mt-MT',
  locale: someText(),
  timezone: someText(),
  profileUrl: someText(),
  name: { givenName: someText(), familyName: someText(), formatted: someText() },
  emails: [{ type: 'work', value: `${someText()}@${someText()}.example`, primary: 'True' }],
  phoneNumbers: [{ type: 'work', value: someText(), primary: 'True' }],
  addresses: [{ type: 'work', country: someText(), locality: someText(), primary: 'True' }],
  roles: [{ primary: 'True', value: someText(), type: someText() }],
  [urns.enterprise]: { employeeNumber: someText(), department: someText() },
})

const newUser = (userName = someText()): Promise<string> => used.tenant.create('/Users', profile(userName))

const newGroup = (displayName = someText()): Promise<string> =>
  used.tenant.create('/Groups', { schemas: [urns.group], displayName, externalId: someText(), members: [] })

const find = async (path: string, filter: string, more = ''): Promise<Reply> => {
  const reply = await used.tenant.get(`${path}?filter=${encodeURIComponent(filter)}${more}`)
  expect(reply.status).toBe(200)
  return reply
}

const patched = async (path: string, ...operations: readonly object[]): Promise<Reply> => {
  const reply = await used.tenant.patch(path, { schemas: [urns.patchOp], Operations: operations })
  expect(`${reply.status} ${reply.text}`).toMatch(/^200 /)
  return used.tenant.get(path)
}

const memberOperation = (op: 'Add' | 'Remove', value: string): object => ({
  op,
  path: 'members',
  value: [{ $ref: null, value }],
})

interface Advertised {
  readonly name: string
  readonly type: string
  readonly multiValued: boolean
  readonly mutability: string
  readonly canonicalValues?: readonly string[]
  readonly subAttributes?: readonly Advertised[]
}

/** An `add` for each text and boolean of the schemas of users; in lists to the element of the first known type. */
const everyAdd = async (): Promise<readonly { op: string; path: string; value: string }[]> => {
  const paths: string[] = []
  for (const [urn, prefix] of [
    [urns.user, ''],
    [urns.enterprise, `${urns.enterprise}:`],
  ] as const) {
    const attributes: readonly Advertised[] = (await used.tenant.get(`/Schemas/${urn}`)).body.attributes
    for (const attribute of attributes) paths.push(...pathsOf(attribute).map((path) => prefix + path))
  }
  return paths.map((path) => ({ op: 'add', path, value: path === 'active' ? 'True' : someText() }))
}

const isText = ({ type, mutability }: Advertised): boolean =>
  mutability === 'readWrite' && (type === 'string' || type === 'reference')

const pathsOf = (attribute: Advertised): readonly string[] => {
  const { name, type, multiValued, subAttributes = [] } = attribute
  if (name === 'userName') return []
  if (type !== 'complex') return isText(attribute) || name === 'active' ? [name] : []
  const texts = subAttributes.filter(isText)
  if (!multiValued) return texts.map((part) => `${name}.${part.name}`)
  const usual = subAttributes.find((part) => part.name === 'type')?.canonicalValues?.[0]
  return usual === undefined
    ? []
    : texts.filter((part) => part.name !== 'type').map((part) => `${name}[type eq "${usual}"].${part.name}`)
}

describe('Microsoft SCIM Validator, users', () => {
  test('create a user and find it', async () => {
    const userName = someText()
    const id = await newUser(userName)
    const { Resources, totalResults } = (await find('/Users', `userName eq "${userName}"`)).body
    expect(totalResults).toBe(1)
    expect(Resources[0]).toMatchObject({
      id,
      userName,
      emails: [{ primary: true }],
      roles: [{ primary: true }],
    })
  })

  test('create a user who is there', async () => {
    const userName = someText()
    await newUser(userName)
    expect(await used.tenant.post('/Users', profile(userName))).toEqual(scimError(409, 'uniqueness'))
  })

  test('find a user who is there, in another case, and one who is not', async () => {
    const userName = `Mixed-${someText()}`
    const id = await newUser(userName)
    for (const name of [userName, userName.toUpperCase(), userName.toLowerCase()])
      expect((await find('/Users', `userName eq "${name}"`)).body.Resources).toMatchObject([{ id }])
    expect((await find('/Users', `userName eq "${someText()}"`)).body.totalResults).toBe(0)
  })

  test('replace attributes', async () => {
    const id = await newUser()
    const values = { displayName: someText(), 'name.givenName': someText(), locale: someText() }
    const operations = Object.entries(values).map(([path, value]) => ({ op: 'replace', path, value }))
    const email = `${someText()}@example.com`
    operations.push({ op: 'replace', path: 'emails[type eq "work"].value', value: email })
    expect((await patched(`/Users/${id}`, ...operations)).body).toMatchObject({
      displayName: values.displayName,
      name: { givenName: values['name.givenName'] },
      locale: values.locale,
      emails: [{ type: 'work', value: email, primary: true }],
    })
  })

  test('add every attribute that the schemas advertise to a user who has nothing but a name', async () => {
    const operations = await everyAdd()
    expect(operations.length).toBeGreaterThan(30)
    const id = await used.tenant.create('/Users', { schemas: [urns.user], userName: someText() })
    const { body } = await patched(`/Users/${id}`, ...operations)
    const roots = operations.map(({ path }) => path.replace(`${urns.enterprise}:`, '').split(/[.[]/)[0] ?? '')
    const names = [...Object.keys(body), ...Object.keys(body[urns.enterprise])]
    expect(names).toEqual(expect.arrayContaining(roots))
  })

  test('change the userName', async () => {
    const id = await newUser()
    const value = someText()
    expect((await patched(`/Users/${id}`, { op: 'replace', path: 'userName', value })).body.userName).toBe(
      value,
    )
  })

  test('disable a user', async () => {
    const id = await newUser()
    const operation = { op: 'Replace', path: 'active', value: 'False' }
    expect((await patched(`/Users/${id}`, operation)).body.active).toBe(false)
  })

  test('add, replace and remove a manager who may not be there', async () => {
    const [id, manager, nobody] = [await newUser(), await newUser(), randomUUID()]
    const path = `${urns.enterprise}:manager`
    for (const [op, value] of [
      ['add', manager],
      ['replace', nobody],
    ] as const)
      expect((await patched(`/Users/${id}`, { op, path, value })).body[urns.enterprise].manager.value).toBe(
        value,
      )
    const { body } = await patched(`/Users/${id}`, { op: 'remove', path })
    expect(body[urns.enterprise]).not.toHaveProperty('manager')
  })

  test('delete a user, then again, then one who never was', async () => {
    const id = await newUser()
    for (const [gone, status] of [
      [id, 204],
      [id, 404],
      [randomUUID(), 404],
      ['no id at all', 404],
    ] as const)
      expect((await used.tenant.delete(`/Users/${encodeURIComponent(gone)}`)).status).toBe(status)
    expect((await used.tenant.get(`/Users/${id}`)).status).toBe(404)
  })

  test('many operations on different attributes in one PATCH', async () => {
    const id = await newUser()
    const { body } = await patched(
      `/Users/${id}`,
      { op: 'remove', path: 'title' },
      { op: 'add', path: 'nickName', value: 'Nick' },
      { op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '1' },
      { op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '2' },
      { op: 'remove', path: `${urns.enterprise}:department` },
    )
    expect(body).toMatchObject({
      nickName: 'Nick',
      phoneNumbers: [{ value: '1' }, { type: 'mobile', value: '2' }],
    })
    expect(body).not.toHaveProperty('title')
    expect(body[urns.enterprise]).not.toHaveProperty('department')
  })

  test('remove, add and replace one attribute in one PATCH', async () => {
    const id = await newUser()
    const { body } = await patched(
      `/Users/${id}`,
      { op: 'remove', path: 'displayName' },
      { op: 'add', path: 'displayName', value: 'added' },
      { op: 'replace', path: 'displayName', value: 'replaced' },
    )
    expect(body.displayName).toBe('replaced')
  })
})

describe('Microsoft SCIM Validator, groups', () => {
  test('read a group, and find it by name, with and without members', async () => {
    const displayName = `Group ${someText()}`
    const user = await newUser()
    const id = await newGroup(displayName)
    await patched(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: user }] })
    const without = await used.tenant.get(`/Groups/${id}?excludedAttributes=members`)
    expect(without.body).toMatchObject({ id, displayName })
    expect(without.body).not.toHaveProperty('members')
    for (const name of [displayName, displayName.toUpperCase()]) {
      const filter = `displayName eq "${name}"`
      expect((await find('/Groups', filter)).body.Resources).toMatchObject([
        { id, members: [{ value: user }] },
      ])
      const [found] = (await find('/Groups', filter, '&excludedAttributes=members')).body.Resources
      expect(found).not.toHaveProperty('members')
    }
    expect((await find('/Groups', `displayName eq "${someText()}"`)).body.totalResults).toBe(0)
  })

  test('create a group that is there', async () => {
    const displayName = someText()
    await newGroup(displayName)
    const again = { schemas: [urns.group], displayName: displayName.toUpperCase() }
    expect(await used.tenant.post('/Groups', again)).toEqual(scimError(409, 'uniqueness'))
  })

  test('replace displayName and externalId', async () => {
    const id = await newGroup()
    const [displayName, externalId] = [someText(), someText()]
    expect(
      (
        await patched(
          `/Groups/${id}`,
          { op: 'replace', path: 'displayName', value: displayName },
          { op: 'replace', path: 'externalId', value: externalId },
        )
      ).body,
    ).toMatchObject({ displayName, externalId })
  })

  test('add and remove members, also in one PATCH', async () => {
    const [a, b, id] = [await newUser(), await newUser(), await newGroup()]
    expect((await patched(`/Groups/${id}`, memberOperation('Add', a))).body.members).toMatchObject([
      { value: a },
    ])
    expect(
      (await patched(`/Groups/${id}`, memberOperation('Add', b), memberOperation('Remove', a))).body.members,
    ).toMatchObject([{ value: b }])
    expect((await patched(`/Groups/${id}`, memberOperation('Remove', b))).body).not.toHaveProperty('members')
  })

  test('delete a group, then again', async () => {
    const id = await newGroup()
    expect((await used.tenant.delete(`/Groups/${id}`)).status).toBe(204)
    expect(await used.tenant.delete(`/Groups/${id}`)).toEqual(scimError(404))
  })
})

describe('others', () => {
  test('Entra writes two blanks in a filter, and may leave schemas out', async () => {
    const userName = someText()
    const created = await used.tenant.post('/Users', { userName })
    expect(created.status).toBe(201)
    const found = await find('/Users', `userName  eq   "${userName}"`)
    expect(found.body.Resources).toMatchObject([{ userName }])
  })

  test('SailPoint, authentik and Cloudflare replace a list by one value without its brackets', async () => {
    const id = await newUser()
    const value = { type: 'home', value: 'one@example.com' }
    const { body } = await patched(`/Users/${id}`, { op: 'replace', path: 'emails', value })
    expect(body.emails).toMatchObject([value])
  })

  test('authentik reads what is supported, and otherwise PUTs a group with all its members', async () => {
    const supported = (await used.tenant.get('/ServiceProviderConfig')).body
    expect(supported).toMatchObject({ patch: { supported: true }, bulk: { supported: true } })
    const [user, displayName] = [await newUser(), someText()]
    const id = await newGroup(displayName)
    const put = await used.tenant.put(`/Groups/${id}`, { id, displayName, members: [{ value: user }] })
    expect(put.body.members).toMatchObject([{ value: user }])
  })

  test('Bitwarden and others delete a user or set active to false: both are answered', async () => {
    const [one, other] = [await newUser(), await newUser()]
    expect((await patched(`/Users/${one}`, { op: 'replace', value: { active: false } })).body.active).toBe(
      false,
    )
    expect((await used.tenant.delete(`/Users/${other}`)).status).toBe(204)
  })
})
