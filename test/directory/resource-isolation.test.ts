import { afterAll, beforeAll, expect, test } from 'vitest'
import { readChanges } from '#directory/change-feed.ts'
import { changeResource } from '#directory/change-resource.ts'
import { createResource } from '#directory/create-resource.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { filterToSql } from '#directory/filter-to-sql.ts'
import { listResources } from '#directory/list-resources.ts'
import { changeMembership } from '#directory/memberships.ts'
import { newParameters } from '#directory/parameters.ts'
import { readResource, readResourceIn } from '#directory/read-resource.ts'
import type { TenantId, TenantScope } from '#directory/tenant-scope.ts'
import { parseFilter } from '#scim/filter/parse.ts'
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
let stranger: TenantId
let user: string
let group: string
beforeAll(async () => {
  db = await openTestDirectory()
  stranger = newTenantId()
  user = (await addUser(db, 'ours', { externalId: 'ext', emails: [{ value: 'ours@a.test' }] })).id
  group = (await addGroup(db, 'ours', [user, 'waiting'])).id
})
afterAll(() => db[Symbol.asyncDispose]())

const asStranger = <T>(work: (scope: TenantScope) => Promise<T>): Promise<T> => db.write(work, stranger)

test('the ids of another tenant are not found by any read', async () => {
  expect(
    await readResource(db.directory, stranger, { type: userType, id: user, groups: true }),
  ).toBeUndefined()
  expect(
    await asStranger((scope) => readResourceIn(scope, { type: groupType, id: group, members: true })),
  ).toBeUndefined()
  for (const filter of [
    'userName pr',
    `id eq "${user}"`,
    'emails.value co "ours" or not (active pr)',
    'externalId eq "ext"',
  ]) {
    const targets = [{ type: userType, filter: parseFilter(filter, userType) }]
    const page = { kind: 'index', startIndex: 1, count: 10 } as const
    expect(await listResources(db.directory, stranger, { targets, page })).toEqual({
      total: 0,
      resources: [],
    })
  }
  expect(await readChanges(db.directory, stranger, { limit: 10 })).toMatchObject({
    kind: 'page',
    changes: [],
  })
})

const change = (): never => {
  throw new Error('never asked')
}

test('the ids of another tenant are not found by any write, and nothing of it changes', async () => {
  const steps = [{ kind: 'replace', values: [] }] as const
  expect(
    await asStranger((scope) => changeMembership(scope, { type: groupType, id: group, steps }, tester)),
  ).toBeUndefined()
  expect(
    await asStranger((scope) => changeResource(scope, { type: userType, id: user, change }, tester)),
  ).toBeUndefined()
  expect(await asStranger((scope) => deleteResource(scope, { type: userType, id: user }, tester))).toBe(false)
  expect(await asStranger((scope) => deleteResource(scope, { type: groupType, id: group }, tester))).toBe(
    false,
  )
  const read = await readResource(db.directory, db.tenant, { type: groupType, id: group, members: true })
  expect(read).toMatchObject({ version: 1, members: [{ value: user }] })
})

test('the members of another tenant are nobody, and its waiting values take nobody in', async () => {
  const theirs = await asStranger((scope) =>
    createResource(scope, groupType, { data: { displayName: 'ours' }, members: [user, 'ext'] }, tester),
  )
  await asStranger((scope) =>
    createResource(scope, userType, { data: { userName: 'ours', externalId: 'waiting' } }, tester),
  )
  const read = await readResource(db.directory, stranger, { type: groupType, id: theirs.id, members: true })
  expect(read?.members).toEqual([])
  const ours = await readResource(db.directory, db.tenant, { type: groupType, id: group, members: true })
  expect(ours?.members).toHaveLength(1)
})

test('a compiled filter shows no row of another tenant, even where the query forgets the tenant', async () => {
  const { values, bind } = newParameters(stranger)
  const filter = parseFilter('userName pr or emails.value co "ours" or groups pr', userType)
  const condition = filterToSql(filter, { type: userType, resource: 'resource', tenant: '$1', bind })
  const statement = { text: `select id from resource where ${condition}`, values }
  const rows = await asStranger((scope) => scope.query<{ id: string }>(statement))
  expect(rows.map(({ id }) => id)).not.toContain(user)
})
