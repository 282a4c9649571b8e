import { afterAll, beforeAll, expect, test } from 'vitest'
import { createResource } from '#directory/create-resource.ts'
import { readResource } from '#directory/read-resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { openTestDirectory, tester, type TestDirectory } from '#test/kit/open-directory.ts'

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
  }
  const created = await db.write((scope) => createResource(scope, userType, { data }, tester))
  const read = await readResource(db.directory, db.tenant, { type: userType, id: created.id, groups: true })
  expect(read).toEqual({ ...created, json: expect.any(String), groups: [] })
  expect(JSON.parse(read?.json ?? '')).toEqual(data)
})

test('a created group holds those of its members who exist', async () => {
  const user = await db.write((scope) =>
    createResource(scope, userType, { data: { userName: 'grace', displayName: 'Grace' } }, tester),
  )
  const group = await db.write((scope) =>
    createResource(scope, groupType, { data: { displayName: 'G' }, members: [user.id, 'nobody'] }, tester),
  )
  const read = await readResource(db.directory, db.tenant, { type: groupType, id: group.id, members: true })
  expect(read?.members).toEqual([{ value: user.id, type: 'User', display: 'Grace' }])
})
