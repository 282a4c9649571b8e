import { afterAll, beforeAll, expect, test } from 'vitest'
import { createResource } from '#directory/create-resource.ts'
import { readResource } from '#directory/read-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import {
  addGroup,
  addUser,
  newTenantId,
  openTestDirectory,
  tester,
  type TestDirectory,
} from '#test/kit/open-directory.ts'

let db: TestDirectory
beforeAll(async () => {
  db = await openTestDirectory()
})
afterAll(() => db[Symbol.asyncDispose]())

test('a created user is read back as it was stored', async () => {
  const data = {
    userName: 'Ada@Example.com',
    emails: [{ value: 'ada@example.com', type: 'work' }],
    active: true,
    nickName: '"ß" \\ 😀 % _ \n',
  }
  const now = new Date('2026-11-22T10:00:00.123Z')
  const created = await db.write((scope) => createResource(scope, userType, { data, now }, tester))
  expect(created).toMatchObject({ type: 'User', version: 1, created: now, lastModified: now })
  const read = await readResource(db.directory, db.tenant, { type: userType, id: created.id, groups: true })
  expect(read).toEqual({ ...created, json: read?.json, groups: [] })
  expect(JSON.parse(read?.json ?? '')).toEqual(data)
})

test('a created group shows those of its members who exist, by id, under their own names', async () => {
  const grace = await addUser(db, 'grace', { displayName: 'Grace' })
  const unnamed = await addUser(db, 'unnamed')
  const inner = await addGroup(db, 'Inner')
  const { id } = await addGroup(db, 'G', [inner.id, unnamed.id, 'nobody', grace.id, grace.id])
  const read = await readResource(db.directory, db.tenant, { type: groupType, id, members: true })
  const expected = [
    { value: grace.id, type: 'User', display: 'Grace' },
    { value: unnamed.id, type: 'User' },
    { value: inner.id, type: 'Group', display: 'Inner' },
  ]
  expect(read?.members).toEqual(expected.toSorted((one, other) => (one.value < other.value ? -1 : 1)))
  const member = await readResource(db.directory, db.tenant, { type: userType, id: grace.id, groups: true })
  expect(member?.groups).toEqual([{ value: id, type: 'direct', display: 'G' }])
})

test('a name that is taken in another case is a conflict for the same type, and free for others', async () => {
  await addUser(db, 'İstanbul ẞ')
  const again = addUser(db, 'i\u0307STANBUL ß')
  await expect(again).rejects.toMatchObject({ status: 409, scimType: 'uniqueness', path: 'userName' })
  await expect(addGroup(db, 'İstanbul ẞ')).resolves.toMatchObject({ version: 1 })
  await expect(addUser(db, 'İstanbul ẞ', {}, newTenantId())).resolves.toMatchObject({ version: 1 })
})

test('text that Postgres cannot hold is refused as a value and not as a failure of ours', async () => {
  for (const userName of ['nul \0', 'lone \ud800']) {
    await expect(addUser(db, userName)).rejects.toMatchObject({ status: 400, scimType: 'invalidValue' })
  }
})

test('a creation and its commit are one flight', async () => {
  const resource = {
    data: { displayName: 'one flight', externalId: 'e' },
    members: ['nobody', 'nobody else'],
  }
  const created = await inTenant(db.directory, db.tenant, { isOneStatement: true }, (scope) =>
    createResource(scope, groupType, resource, tester),
  )
  expect(await readResource(db.directory, db.tenant, { type: groupType, id: created.id })).toBeDefined()
})

test('a text that is no id is nobody', async () => {
  for (const id of ['', 'x', '00000000-0000-7000-8000-00000000000G', `${crypto.randomUUID()} `]) {
    expect(await readResource(db.directory, db.tenant, { type: userType, id })).toBeUndefined()
  }
})
