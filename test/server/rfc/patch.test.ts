import { randomUUID } from 'node:crypto'

import { beforeAll, describe, expect, test } from 'vitest'

import { messageUrns } from '#scim/urns.ts'
import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Section 3.5.2 of RFC 7644, row by row. Each form of a path stands in test/scim/patch/path-forms.test.ts.
const used = useServer()
const work = { value: 'w@x.example', type: 'work', primary: true }
const home = { value: 'h@x.example', type: 'home' }
let user = ''
let member = ''

beforeAll(async () => {
  member = await used.tenant.create('/Users', aUser('member'))
})

/** A user with two addresses, patched. */
const patched = async (...operations: readonly object[]): Promise<Reply> => {
  const more = { title: 'Dr', name: { givenName: 'Ada', familyName: 'Byron' }, emails: [work, home] }
  user = await used.tenant.create('/Users', aUser(randomUUID(), more))
  return used.tenant.patch(`/Users/${user}`, aPatch(...operations))
}
const current = async (): Promise<Reply['body']> => (await used.tenant.get(`/Users/${user}`)).body

const primaries = ({ body }: Reply): readonly unknown[] =>
  body.emails.filter((one: { primary?: boolean }) => one.primary).map(({ value }: { value: string }) => value)

describe('PATCH', () => {
  test.for([
    ['no JSON object', [], 'invalidSyntax'],
    [
      'another message',
      { schemas: [messageUrns.listResponse], Operations: [{ op: 'remove', path: 'title' }] },
      'invalidSyntax',
    ],
    ['no operations', { schemas: [urns.patchOp] }, 'invalidSyntax'],
    ['an empty list of operations', { schemas: [urns.patchOp], Operations: [] }, 'invalidValue'],
    [
      'an operation without op',
      { schemas: [urns.patchOp], Operations: [{ path: 'title' }] },
      'invalidSyntax',
    ],
    [
      'an operation that is none',
      { schemas: [urns.patchOp], Operations: [{ op: 'move', path: 'title' }] },
      'invalidSyntax',
    ],
  ] as const)('P1: with %s is refused', async ([, body, scimType]) => {
    await patched({ op: 'add', path: 'title', value: 'x' })
    expect(await used.tenant.patch(`/Users/${user}`, body)).toEqual(scimError(400, scimType))
  })

  test('P1: takes op in any case, and operations for Operations', async () => {
    expect((await patched({ op: 'RePlAcE', path: 'title', value: 'Prof' })).body.title).toBe('Prof')
    const operations = [{ Op: 'Remove', Path: 'title' }]
    const reply = await used.tenant.patch(`/Users/${user}`, { schemas: [urns.patchOp], operations })
    expect(reply.body).not.toHaveProperty('title')
  })

  test('P2: is done in order, each operation on the outcome of the one before', async () => {
    const { body } = await patched(
      { op: 'remove', path: 'title' },
      { op: 'add', path: 'title', value: 'a' },
      { op: 'replace', path: 'title', value: 'b' },
      { op: 'add', value: { title: 'c' } },
    )
    expect(body.title).toBe('c')
  })

  test('P2: is done whole or not at all, members and lastModified included', async () => {
    const group = await used.tenant.create('/Groups', aGroup(randomUUID()))
    const before = (await used.tenant.get(`/Groups/${group}`)).body
    const reply = await used.tenant.patch(
      `/Groups/${group}`,
      aPatch(
        { op: 'add', path: 'members', value: [{ value: member }] },
        { op: 'remove', path: 'displayName' },
      ),
    )
    expect(reply).toEqual(scimError(400, 'mutability'))
    expect((await used.tenant.get(`/Groups/${group}`)).body).toEqual(before)
    expect((await used.tenant.get(`/Users/${member}`)).body).not.toHaveProperty('groups')
  })

  test('P3: with a remove that has no path is noTarget', async () => {
    expect(await patched({ op: 'remove' })).toEqual(scimError(400, 'noTarget'))
    expect(await patched({ op: 'remove', value: { title: 'x' } })).toEqual(scimError(400, 'noTarget'))
  })

  test('P4: that adds appends to lists, merges into complex values and sets simple ones', async () => {
    const more = { value: 'o@x.example', type: 'other' }
    const { body } = await patched(
      { op: 'add', path: 'emails', value: [more] },
      { op: 'add', path: 'name', value: { middleName: 'King' } },
      { op: 'add', path: 'title', value: 'Prof' },
    )
    expect(body.emails).toEqual([work, home, more])
    expect(body.name).toEqual({ givenName: 'Ada', familyName: 'Byron', middleName: 'King' })
    expect(body.title).toBe('Prof')
  })

  test('P4: that adds what is there already changes nothing, not even lastModified', async () => {
    const { body, status } = await patched(
      { op: 'add', path: 'emails', value: [home] },
      { op: 'add', path: 'name', value: { givenName: 'Ada' } },
      { op: 'add', path: 'title', value: 'Dr' },
    )
    expect(status).toBe(200)
    expect(body.meta).toMatchObject({ version: 'W/"1"', lastModified: body.meta.created })
  })

  test('P5: that replaces sets a whole list, named parts of a complex value, and what was not there', async () => {
    const { body } = await patched(
      { op: 'replace', path: 'emails', value: [home] },
      { op: 'replace', path: 'name', value: { givenName: 'Augusta' } },
      { op: 'replace', path: 'nickName', value: 'A' },
    )
    expect(body).toMatchObject({
      emails: [home],
      name: { givenName: 'Augusta', familyName: 'Byron' },
      nickName: 'A',
    })
    expect((await patched({ op: 'replace', path: 'emails', value: [] })).body).not.toHaveProperty('emails')
  })

  test('P6: that replaces by a filter changes all that match, and is noTarget where none does', async () => {
    const all = await patched({ op: 'replace', path: 'emails[value co "x.example"].display', value: 'D' })
    expect(all.body.emails).toEqual([
      { ...work, display: 'D' },
      { ...home, display: 'D' },
    ])
    for (const path of [
      'emails[value eq "nobody"]',
      'emails[value eq "nobody"].display',
      'emails[type eq "attic"].value',
    ])
      expect(await patched({ op: 'replace', path, value: path.endsWith(']') ? home : 'D' })).toEqual(
        scimError(400, 'noTarget'),
      )
  })

  test('P7: that removes unassigns what its path names, and succeeds where nothing matches', async () => {
    const { body } = await patched(
      { op: 'remove', path: 'title' },
      { op: 'remove', path: 'name' },
      { op: 'remove', path: 'emails[type eq "work"].primary' },
      { op: 'remove', path: 'emails[type eq "home"]' },
      { op: 'remove', path: 'emails[type eq "attic"]' },
      { op: 'remove', path: 'nickName' },
    )
    expect(body).not.toHaveProperty('title')
    expect(body).not.toHaveProperty('name')
    expect(body.emails).toEqual([{ value: work.value, type: 'work' }])
    const none = await used.tenant.patch(`/Users/${user}`, aPatch({ op: 'remove', path: 'emails[value pr]' }))
    expect(none.body).not.toHaveProperty('emails')
  })

  test.for([
    { op: 'remove', path: 'userName' },
    { op: 'replace', path: 'id', value: 'x' },
    { op: 'add', path: 'meta.created', value: '2026-01-01T00:00:00Z' },
    { op: 'remove', path: 'groups' },
  ])('P8: that removes what is required or writes what is readOnly is mutability: %j', async (operation) => {
    expect(await patched(operation)).toEqual(scimError(400, 'mutability'))
    expect((await current()).meta.version).toBe('W/"1"')
  })

  test('P8: that removes the name of a group is mutability', async () => {
    const group = await used.tenant.create('/Groups', aGroup(randomUUID()))
    expect(
      await used.tenant.patch(`/Groups/${group}`, aPatch({ op: 'remove', path: 'displayName' })),
    ).toEqual(scimError(400, 'mutability'))
  })

  test.for([
    'emails[',
    'emails]',
    '.title',
    'title.',
    'na me',
    'emails[type eq "work"]value',
    'title[value eq "x"]',
    '"title"',
  ])('P9: with a path of wrong syntax is invalidPath: %s', async (path) => {
    expect(await patched({ op: 'replace', path, value: 'x' })).toEqual(scimError(400, 'invalidPath'))
  })

  test('P9: ignores attributes that no schema has, with or without a path', async () => {
    const { status, body } = await patched(
      { op: 'replace', path: 'shoeSize', value: 44 },
      { op: 'add', value: { shoeSize: 44, title: 'Prof' } },
    )
    expect(status).toBe(200)
    expect(body.title).toBe('Prof')
    expect(body).not.toHaveProperty('shoeSize')
  })

  test.for([
    { op: 'replace', path: 'active', value: 'perhaps' },
    { op: 'replace', path: 'title', value: { deep: 1 } },
    { op: 'add', path: 'emails', value: [{ value: 'x', primary: 'sometimes' }] },
    { op: 'replace', value: 'title' },
    { op: 'add', path: 'title' },
  ])('P10: with a value that cannot be made what the attribute is is invalidValue: %j', async (operation) => {
    expect(await patched(operation)).toEqual(scimError(400, 'invalidValue'))
  })

  test('P11: that makes one value primary takes the mark from the others', async () => {
    const added = await patched({
      op: 'add',
      path: 'emails',
      value: [{ value: 'o@x.example', primary: true }],
    })
    expect(primaries(added)).toEqual(['o@x.example'])
    const moved = await patched({ op: 'replace', path: 'emails[type eq "home"].primary', value: true })
    expect(primaries(moved)).toEqual(['h@x.example'])
  })

  test('P12: is answered with the whole resource, its ETag and its Location', async () => {
    const reply = await patched({ op: 'add', path: 'nickName', value: 'A' })
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual(await current())
    expect(reply.headers).toMatchObject({ etag: reply.body.meta.version, location: reply.body.meta.location })
  })

  test('P13: that adds to an extension adds its schema, and takes it away with the last attribute', async () => {
    const path = `${urns.enterprise}:department`
    const added = await patched({ op: 'add', path, value: 'R&D' })
    expect(added.body.schemas).toEqual([urns.user, urns.enterprise])
    const removed = await used.tenant.patch(`/Users/${user}`, aPatch({ op: 'remove', path }))
    expect(removed.body.schemas).toEqual([urns.user])
    expect(removed.body).not.toHaveProperty([urns.enterprise])
  })
})
