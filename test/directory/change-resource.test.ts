import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeResource, type ResourceChange } from '#directory/change-resource.ts'
import { listResources } from '#directory/list-resources.ts'
import { readResource, readResourceIn } from '#directory/read-resource.ts'
import { ScimError } from '#scim/errors.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import type { ChangedResource } from '#scim/resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import {
  addGroup,
  addUser,
  factsOf,
  memberIds,
  openTestDirectory,
  tester,
  type TestDirectory,
} from '#test/kit/open-directory.ts'

let db: TestDirectory
beforeAll(async () => {
  db = await openTestDirectory()
})
afterAll(() => db[Symbol.asyncDispose]())

const change = (wanted: ResourceChange): ReturnType<typeof changeResource> =>
  db.write((scope) => changeResource(scope, wanted, tester))

const to =
  (data: ChangedResource['data'], membership: ChangedResource['membership'] = []) =>
  () => ({
    data,
    membership,
  })

const found = async (filter: string): Promise<readonly string[]> => {
  const targets = [{ type: userType, filter: parseFilter(filter, userType) }]
  const page = { kind: 'index', startIndex: 1, count: 10 } as const
  const { resources } = await listResources(db.directory, db.tenant, { targets, page })
  return resources.map(({ id }) => id)
}

test('a change of the document moves version and lastModified, and is found by its new values only', async () => {
  const { id, created } = await addUser(db, 'old', {
    emails: [{ value: 'a@old.test' }, { value: 'b@old.test' }, { value: 'c@old.test' }],
  })
  const now = new Date(created.getTime() + 5_000)
  const data = {
    userName: 'New',
    externalId: 'x-1',
    active: false,
    emails: [{ value: 'b@old.test', type: 'Work' }],
  }
  const changed = await change({ type: userType, id, change: to(data), now })
  expect(changed).toMatchObject({ isChanged: true, stored: { version: 2, lastModified: now, created } })
  expect(JSON.parse(changed?.stored.json ?? '')).toEqual(data)
  expect(
    JSON.parse((await readResource(db.directory, db.tenant, { type: userType, id }))?.json ?? ''),
  ).toEqual(data)
  expect(await found('userName eq "new" and externalId eq "x-1" and active eq false')).toEqual([id])
  expect(await found('emails[type eq "work"].value eq "B@old.test"')).toEqual([id])
  expect(
    await found('userName eq "old" or emails.value eq "a@old.test" or emails.value eq "c@old.test"'),
  ).toEqual([])
})

test('a change to the same document leaves version and lastModified', async () => {
  const data = { userName: 'same', name: { givenName: 'A', familyName: 'B' } }
  const { id } = await addUser(db, 'same', data)
  const before = await factsOf(db, userType, id)
  const other = { name: { familyName: 'B', givenName: 'A' }, userName: 'same' }
  const changed = await change({ type: userType, id, change: to(other), now: new Date('2030-01-01') })
  expect(changed).toMatchObject({ isChanged: false, stored: { version: 1 } })
  expect(await factsOf(db, userType, id)).toEqual(before)
})

test('document and members change together under one new version', async () => {
  const user = await addUser(db, 'together')
  const { id } = await addGroup(db, 'together')
  const changed = await change({
    type: groupType,
    id,
    action: 'replace',
    change: to({ displayName: 'Together' }, [{ kind: 'replace', values: [user.id] }]),
  })
  expect(changed).toMatchObject({ isChanged: true, stored: { version: 2 } })
  expect(await memberIds(db, id)).toEqual([user.id])
})

test('a rename to a name that is taken in another case is a conflict and changes nothing', async () => {
  await addUser(db, 'Straße')
  const { id } = await addUser(db, 'other')
  const work = change({ type: userType, id, change: to({ userName: 'STRAßE' }) })
  await expect(work).rejects.toMatchObject({ status: 409, scimType: 'uniqueness' })
  expect(await factsOf(db, userType, id)).toMatchObject({ version: 1 })
})

test('a change that throws and a precondition that throws change nothing', async () => {
  const { id } = await addUser(db, 'throws')
  const refusal = new ScimError(412, 'Another version.')
  const refuse = (): never => {
    throw refusal
  }
  await expect(change({ type: userType, id, change: refuse })).rejects.toBe(refusal)
  const later = { type: userType, id, change: to({ userName: 'x' }), precondition: refuse }
  await expect(change(later)).rejects.toBe(refusal)
  expect(await factsOf(db, userType, id)).toMatchObject({ version: 1 })
})

test('a change of what is not there is not found', async () => {
  const { id } = await addUser(db, 'wrong type')
  expect(await change({ type: groupType, id, change: to({ displayName: 'x' }) })).toBeUndefined()
  expect(await change({ type: userType, id: 'x', change: to({ userName: 'x' }) })).toBeUndefined()
})

test('a transaction reads what it has written', async () => {
  const { id } = await addUser(db, 'before')
  const read = await db.write(async (scope) => {
    await changeResource(scope, { type: userType, id, change: to({ userName: 'after' }) }, tester)
    return readResourceIn(scope, { type: userType, id, groups: true })
  })
  expect(read).toMatchObject({ version: 2, groups: [] })
})
