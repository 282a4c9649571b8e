import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeResource } from '#directory/change-resource.ts'
import { createInTenant, createResource } from '#directory/create-resource.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import type { RowLimits } from '#directory/limits.ts'
import { listResources } from '#directory/list-resources.ts'
import { changeMembership } from '#directory/memberships.ts'
import { inTenant, type TenantId } from '#directory/tenant-scope.ts'
import type { MembershipStep, StoredResource } from '#scim/resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import {
  addGroup,
  addUser,
  factsOf,
  memberIds,
  newTenantId,
  openTestDirectory,
  tester,
  type TestDirectory,
} from '#test/kit/open-directory.ts'

let db: TestDirectory
beforeAll(async () => {
  db = await openTestDirectory({ poolSize: 16 })
})
afterAll(() => db[Symbol.asyncDispose]())

const inOneFlight = { isOneStatement: true }

const pushUser = (tenant: TenantId, userName: string, limits: RowLimits): Promise<StoredResource> =>
  createInTenant(db.directory, tenant, { type: userType, resource: { data: { userName }, limits } }, tester)

const push = (id: string, limits: RowLimits, ...steps: readonly MembershipStep[]) =>
  inTenant(db.directory, db.tenant, inOneFlight, (scope) =>
    changeMembership(scope, { type: groupType, id, steps, limits }, tester),
  )

async function totalOf(tenant: TenantId): Promise<number | undefined> {
  const page = { kind: 'index', startIndex: 1, count: 0 } as const
  return (await listResources(db.directory, tenant, { targets: [{ type: userType }], page })).total
}

const tooManyUsers = { status: 403, message: expect.stringMatching(/users.*: 3 \(spec\.limits\.maxUsers\)/) }
const tooManyMembers = {
  status: 403,
  message: expect.stringMatching(/members.*: 3 \(spec\.limits\.maxGroupMembers\)/),
}

test('one user more than the limit is refused with its name, and there is room again after a deletion', async () => {
  const tenant = newTenantId()
  const limits = { maxUsers: 3 }
  const users = [await pushUser(tenant, 'a', limits), await pushUser(tenant, 'b', limits)]
  await pushUser(tenant, 'c', limits)
  await expect(pushUser(tenant, 'd', limits)).rejects.toMatchObject(tooManyUsers)
  // Groups are no users.
  await db.write(
    (scope) => createResource(scope, groupType, { data: { displayName: 'g' }, limits }, tester),
    tenant,
  )
  await db.write((scope) => deleteResource(scope, { type: userType, id: users[0]!.id }, tester), tenant)
  await pushUser(tenant, 'd', limits)
  expect(await totalOf(tenant)).toBe(3)
})

test('of many users that are created at once exactly as many are let in as there is room for', async () => {
  const tenant = newTenantId()
  const limits = { maxUsers: 40 }
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => pushUser(tenant, `u${String(index)}`, limits)),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(40)
  const refused = results.filter((result) => result.status === 'rejected')
  for (const { reason } of refused) expect(reason).toMatchObject({ status: 403 })
  expect(await totalOf(tenant)).toBe(40)
})

test('a userName that is taken is a conflict also where there is no room for another user', async () => {
  const tenant = newTenantId()
  const limits = { maxUsers: 3 }
  for (const name of ['a', 'b', 'c']) await pushUser(tenant, name, limits)
  await expect(pushUser(tenant, 'B', limits)).rejects.toMatchObject({ status: 409, scimType: 'uniqueness' })
  await expect(pushUser(tenant, 'd', limits)).rejects.toMatchObject(tooManyUsers)
  expect(await totalOf(tenant)).toBe(3)
})

test('a group takes no more members than the limit, waiting ones among them; nothing of the push stays', async () => {
  const users = await Promise.all(['a', 'b', 'c', 'd'].map((name) => addUser(db, `limited ${name}`)))
  const [a = '', b = '', c = '', d = ''] = users.map(({ id }) => id)
  const limits = { maxGroupMembers: 3 }
  const { id } = await addGroup(db, 'limited', [a, 'waiting'])
  await expect(push(id, limits, { kind: 'add', values: [b, c] })).rejects.toMatchObject(tooManyMembers)
  expect(await factsOf(db, groupType, id)).toMatchObject({ version: 1 })
  expect(await memberIds(db, id)).toEqual([a])
  // A member that is one already takes no room, and one that goes makes some.
  await push(id, limits, { kind: 'add', values: [a, b] })
  await push(id, limits, { kind: 'remove', values: ['waiting'] }, { kind: 'add', values: [c] })
  await expect(push(id, limits, { kind: 'add', values: ['nobody'] })).rejects.toMatchObject(tooManyMembers)
  await expect(
    push(id, limits, { kind: 'replace', values: users.map((user) => user.id) }),
  ).rejects.toMatchObject(tooManyMembers)
  await push(id, limits, { kind: 'replace', values: [b, c, d] })
  expect(await memberIds(db, id)).toEqual([b, c, d].toSorted())
})

test('a group is neither created nor replaced with more members than the limit', async () => {
  const limits = { maxGroupMembers: 3 }
  const members = ['1', '2', '3', '4']
  const resource = { data: { displayName: 'too large' }, members, limits }
  const creation = db.write((scope) => createResource(scope, groupType, resource, tester))
  await expect(creation).rejects.toMatchObject(tooManyMembers)
  const { id } = await addGroup(db, 'too large', members.slice(1))
  const membership = [{ kind: 'replace', values: members }] as const
  const change = () => ({ data: { displayName: 'even larger' }, membership })
  const replacement = db.write((scope) =>
    changeResource(scope, { type: groupType, id, change, limits }, tester),
  )
  await expect(replacement).rejects.toMatchObject(tooManyMembers)
  expect(await factsOf(db, groupType, id)).toMatchObject({ version: 1 })
})

const rename = () => ({ data: { displayName: 'renamed' }, membership: [] })

test('a group beyond a limit that was lowered may lose members and be renamed', async () => {
  const { id } = await addGroup(db, 'beyond', ['1', '2', '3', '4', '5'])
  const limits = { maxGroupMembers: 3 }
  expect(await push(id, limits, { kind: 'remove', values: ['1'] })).toMatchObject({ isChanged: true })
  await db.write((scope) => changeResource(scope, { type: groupType, id, change: rename, limits }, tester))
  await expect(push(id, limits, { kind: 'add', values: ['6'] })).rejects.toMatchObject(tooManyMembers)
})

test('of many members that are added at once exactly as many are let in as there is room for', async () => {
  const { id } = await addGroup(db, 'raced for')
  const results = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      push(id, { maxGroupMembers: 25 }, { kind: 'add', values: [`racer ${String(index)}`] }),
    ),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(25)
  const refused = results.filter((result) => result.status === 'rejected')
  for (const { reason } of refused) expect(reason).toMatchObject({ status: 403 })
  expect(await factsOf(db, groupType, id)).toMatchObject({ version: 26 })
})
