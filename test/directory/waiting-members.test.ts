import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeResource } from '#directory/change-resource.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import {
  addGroup,
  addUser,
  factsOf,
  memberIds,
  openTestDirectory,
  step,
  tester,
  type TestDirectory,
} from '#test/kit/open-directory.ts'

let db: TestDirectory
let unique = 0
beforeAll(async () => {
  db = await openTestDirectory()
})
afterAll(() => db[Symbol.asyncDispose]())

const fresh = (prefix: string): string => `${prefix}-${String((unique += 1))}`

const setExternalId = (id: string, externalId: string, userName: string): Promise<unknown> =>
  db.write((scope) =>
    changeResource(
      scope,
      { type: userType, id, change: () => ({ data: { userName, externalId }, membership: [] }) },
      tester,
    ),
  )

test('K12: a value that is pushed before its user exists joins when the user is created with that externalId', async () => {
  const externalId = fresh('ext')
  const first = await addGroup(db, fresh('group'), [externalId])
  const second = await addGroup(db, fresh('group'))
  await step(db, second.id, { kind: 'add', values: [externalId, 'nobody'] })
  expect(await memberIds(db, first.id)).toEqual([])
  const user = await addUser(db, fresh('user'), { externalId })
  expect(await memberIds(db, first.id)).toEqual([user.id])
  expect(await memberIds(db, second.id)).toEqual([user.id])
  expect([await factsOf(db, groupType, first.id), await factsOf(db, groupType, second.id)]).toMatchObject([
    { version: 2 },
    { version: 3 },
  ])
})

test('a value that is pushed after its user exists joins at once', async () => {
  const externalId = fresh('ext')
  const user = await addUser(db, fresh('user'), { externalId })
  const group = await addGroup(db, fresh('group'), [externalId])
  expect(await memberIds(db, group.id)).toEqual([user.id])
})

test('a user that gets an externalId later joins the groups that wait for it', async () => {
  const externalId = fresh('ext')
  const name = fresh('user')
  const user = await addUser(db, name)
  const group = await addGroup(db, fresh('group'), [externalId])
  await setExternalId(user.id, externalId, name)
  expect(await memberIds(db, group.id)).toEqual([user.id])
})

test('an externalId that two users have joins nobody, and the member who joined before stays', async () => {
  const externalId = fresh('ext')
  const before = await addGroup(db, fresh('group'), [externalId])
  const first = await addUser(db, fresh('user'), { externalId })
  await addUser(db, fresh('user'), { externalId })
  const after = await addGroup(db, fresh('group'), [externalId])
  expect(await memberIds(db, before.id)).toEqual([first.id])
  expect(await memberIds(db, after.id)).toEqual([])
  await step(db, before.id, { kind: 'remove', values: [externalId] })
  expect(await memberIds(db, before.id)).toEqual([])
})

test('of users that get one externalId at the same moment exactly one joins the groups that wait for it', async () => {
  for (let round = 0; round < 10; round += 1) {
    const externalId = fresh('twins')
    const groups = await Promise.all([1, 2, 3].map(() => addGroup(db, fresh('group'), [externalId])))
    const name = fresh('user')
    const renamed = await addUser(db, name)
    const created = await Promise.all([
      ...Array.from({ length: 4 }, () => addUser(db, fresh('user'), { externalId })),
      setExternalId(renamed.id, externalId, name).then(() => renamed),
    ])
    const members = await Promise.all(groups.map(({ id }) => memberIds(db, id)))
    const [joined = ''] = members[0] ?? []
    expect(created.map(({ id }) => id)).toContain(joined)
    expect(members).toEqual([[joined], [joined], [joined]])
  }
})

test('a user and a group with the same externalId: the user is meant', async () => {
  const externalId = fresh('ext')
  await addGroup(db, fresh('group'), [], { externalId })
  const user = await addUser(db, fresh('user'), { externalId })
  const group = await addGroup(db, fresh('group'), [externalId])
  expect(await memberIds(db, group.id)).toEqual([user.id])
})

test('a group that is pushed as a member before it exists joins as a nested group', async () => {
  const externalId = fresh('ext')
  const outer = await addGroup(db, fresh('group'), [externalId])
  const inner = await addGroup(db, fresh('group'), [], { externalId })
  expect(await memberIds(db, outer.id)).toEqual([inner.id])
})

test('a waiting value that is removed before its user exists does not join', async () => {
  const externalId = fresh('ext')
  const group = await addGroup(db, fresh('group'), [externalId, 'other'])
  await step(db, group.id, { kind: 'remove', values: [externalId] })
  await addUser(db, fresh('user'), { externalId })
  expect(await memberIds(db, group.id)).toEqual([])
})

test('a member is removed by the value it was pushed with, and by its id', async () => {
  const externalId = fresh('ext')
  const user = await addUser(db, fresh('user'), { externalId })
  const group = await addGroup(db, fresh('group'), [externalId])
  await step(db, group.id, { kind: 'remove', values: [externalId] })
  expect(await memberIds(db, group.id)).toEqual([])
  await step(db, group.id, { kind: 'add', values: [externalId] })
  await step(db, group.id, { kind: 'remove', values: [user.id] })
  expect(await memberIds(db, group.id)).toEqual([])
})

test('two values that mean the same member are one member, and the last step on it counts', async () => {
  const externalId = fresh('ext')
  const user = await addUser(db, fresh('user'), { externalId })
  const group = await addGroup(db, fresh('group'), [externalId, user.id])
  expect(await memberIds(db, group.id)).toEqual([user.id])
  await step(db, group.id, { kind: 'remove', values: [user.id] }, { kind: 'add', values: [externalId] })
  expect(await memberIds(db, group.id)).toEqual([user.id])
  await step(db, group.id, { kind: 'add', values: [user.id] }, { kind: 'remove', values: [externalId] })
  expect(await memberIds(db, group.id)).toEqual([])
  await step(db, group.id, { kind: 'replace', values: [user.id] }, { kind: 'remove', values: [externalId] })
  expect(await memberIds(db, group.id)).toEqual([])
})

test('the id of a deleted user waits for nobody and does not fail the push', async () => {
  const user = await addUser(db, fresh('user'))
  await db.write((scope) => deleteResource(scope, { type: userType, id: user.id }, tester))
  const group = await addGroup(db, fresh('group'))
  const pushed = await step(db, group.id, { kind: 'add', values: [user.id] })
  expect(pushed).toMatchObject({ isChanged: true, version: 2 })
  expect(await memberIds(db, group.id)).toEqual([])
})

test('pushes and creations that meet at the same moment lose no member', async () => {
  for (let round = 0; round < 15; round += 1) {
    const externalIds = Array.from({ length: 8 }, () => fresh('race'))
    const groups = await Promise.all([addGroup(db, fresh('group')), addGroup(db, fresh('group'))])
    const [users] = await Promise.all([
      Promise.all(externalIds.map((externalId) => addUser(db, fresh('user'), { externalId }))),
      ...groups.map(({ id }) => step(db, id, { kind: 'add', values: externalIds })),
      ...groups.map(({ id }) =>
        Promise.all(externalIds.map((value) => step(db, id, { kind: 'add', values: [value] }))),
      ),
    ])
    const expected = users.map(({ id }) => id).toSorted()
    for (const { id } of groups) expect(await memberIds(db, id)).toEqual(expected)
  }
})
