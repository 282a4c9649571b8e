import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteResource } from '#directory/delete-resource.ts'
import { readResource } from '#directory/read-resource.ts'
import { ScimError } from '#scim/errors.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
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

const remove = (type: ResourceType, id: string): Promise<boolean> =>
  db.write((scope) => deleteResource(scope, { type, id }, tester))

const rowsNaming = async (id: string): Promise<number> =>
  db.write(async (scope) => {
    const [row] = await scope.query<{ count: number }>({
      text: `select (select count(*) from email where resource_id = $1)
        + (select count(*) from membership where group_id = $1 or member_id = $1)
        + (select count(*) from pending_member where group_id = $1) as count`,
      values: [id],
    })
    return row?.count ?? -1
  })

test('a deleted user leaves its groups, whose version moves, and nothing names it any more', async () => {
  const user = await addUser(db, 'goes', { emails: [{ value: 'a@b.test' }] })
  const stays = await addUser(db, 'stays')
  const first = await addGroup(db, 'first', [user.id, stays.id])
  const second = await addGroup(db, 'second', [stays.id])
  expect(await remove(userType, user.id)).toBe(true)
  expect(await readResource(db.directory, db.tenant, { type: userType, id: user.id })).toBeUndefined()
  expect(await memberIds(db, first.id)).toEqual([stays.id])
  expect(await factsOf(db, groupType, first.id)).toMatchObject({ version: 2 })
  expect(await factsOf(db, groupType, second.id)).toMatchObject({ version: 1 })
  expect(await rowsNaming(user.id)).toBe(0)
})

test('deleting a second time finds nothing', async () => {
  const { id } = await addUser(db, 'twice')
  expect([await remove(userType, id), await remove(userType, id)]).toEqual([true, false])
})

test('a deleted group leaves its members, and its name is free again', async () => {
  const user = await addUser(db, 'member')
  const group = await addGroup(db, 'free again', [user.id, 'waiting'])
  expect(await remove(userType, group.id)).toBe(false)
  expect(await remove(groupType, group.id)).toBe(true)
  expect(await rowsNaming(group.id)).toBe(0)
  const read = await readResource(db.directory, db.tenant, { type: userType, id: user.id, groups: true })
  expect(read?.groups).toEqual([])
  await expect(addGroup(db, 'Free Again')).resolves.toMatchObject({ version: 1 })
})

test('a group that is its own member can be deleted', async () => {
  const group = await addGroup(db, 'own member')
  const { step } = await import('#test/kit/open-directory.ts')
  await step(db, group.id, { kind: 'add', values: [group.id] })
  expect(await memberIds(db, group.id)).toEqual([group.id])
  expect(await remove(groupType, group.id)).toBe(true)
})

test('a precondition that refuses keeps the resource', async () => {
  const { id } = await addUser(db, 'kept')
  const refusal = new ScimError(412, 'Another version.')
  const precondition = (version: number): void => {
    if (version !== 2) throw refusal
  }
  const work = db.write((scope) => deleteResource(scope, { type: userType, id, precondition }, tester))
  await expect(work).rejects.toBe(refusal)
  expect(await factsOf(db, userType, id)).toBeDefined()
})
