import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeStatement, noParts } from '#directory/change-sql.ts'
import { parseElementFilter } from '#scim/filter/parse.ts'
import { resolveAttribute } from '#scim/attribute-path.ts'
import { parseData } from '#scim/project.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { changeMembership } from '#directory/memberships.ts'
import { readResource } from '#directory/read-resource.ts'
import { ScimError } from '#scim/errors.ts'
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
import { opened } from '#test/kit/builders.ts'
import { preparedVisitsOf } from '#test/kit/plans.ts'

let db: TestDirectory
let users: string[]
beforeAll(async () => {
  db = await openTestDirectory()
  users = []
  for (const name of ['u0', 'u1', 'u2', 'u3']) users.push((await addUser(db, name, { displayName: name })).id)
  users = users.toSorted()
})
afterAll(() => db[Symbol.asyncDispose]())

const user = (index: number): string => users[index]!

test('adding and removing members by value moves the version once for each request', async () => {
  const { id } = await addGroup(db, 'add and remove')
  expect(await step(db, id, { kind: 'add', values: [user(0), user(1)] })).toMatchObject({
    version: 2,
    isChanged: true,
  })
  expect(await memberIds(db, id)).toEqual([user(0), user(1)])
  expect(await step(db, id, { kind: 'remove', values: [user(0)] })).toMatchObject({
    version: 3,
    isChanged: true,
  })
  expect(await memberIds(db, id)).toEqual([user(1)])
})

test('a membership request that changes nothing leaves version and lastModified', async () => {
  const { id } = await addGroup(db, 'no-op', [user(0), 'nobody'])
  const before = await factsOf(db, groupType, id)
  const noOps = [
    { kind: 'add', values: [user(0), 'nobody'] },
    { kind: 'remove', values: [user(1), 'somebody else', '5'] },
    { kind: 'replace', values: ['nobody', user(0)] },
    { kind: 'add', values: [] },
  ] as const
  for (const noOp of noOps) expect(await step(db, id, noOp)).toEqual({ ...before, isChanged: false })
  expect(
    await step(db, id, { kind: 'add', values: [user(2)] }, { kind: 'remove', values: [user(2)] }),
  ).toEqual({
    ...before,
    isChanged: false,
  })
  expect(await factsOf(db, groupType, id)).toEqual(before)
})

test('replacing the members leaves exactly the new ones', async () => {
  const { id } = await addGroup(db, 'replace', [user(0), user(1), 'gone soon'])
  await step(db, id, { kind: 'replace', values: [user(1), user(2), 'new one'] })
  expect(await memberIds(db, id)).toEqual([user(1), user(2)])
  await step(db, id, { kind: 'replace', values: [] })
  expect(await memberIds(db, id)).toEqual([])
})

test('membership steps are worked off in their order', async () => {
  const { id } = await addGroup(db, 'in order', [user(0)])
  await step(
    db,
    id,
    { kind: 'remove', values: [user(0)] },
    { kind: 'add', values: [user(0), user(1)] },
    { kind: 'remove', values: [user(1)] },
    { kind: 'add', values: [user(2)] },
  )
  expect(await memberIds(db, id)).toEqual([user(0), user(2)])
  await step(
    db,
    id,
    { kind: 'add', values: [user(3)] },
    { kind: 'replace', values: [user(1), user(2)] },
    { kind: 'remove', values: [user(2)] },
  )
  expect(await memberIds(db, id)).toEqual([user(1)])
})

test('a removal by filter takes the members that match, those of the same request included', async () => {
  const { id } = await addGroup(db, 'matching', [user(0), user(1)])
  const members = resolveAttribute('members', groupType)!
  const filter = parseElementFilter('display eq "U0" or display sw "u2"', members, groupType)
  await step(
    db,
    id,
    { kind: 'add', values: [user(2), user(3)] },
    { kind: 'removeMatching', filter },
    { kind: 'add', values: [user(2)] },
  )
  const names = await Promise.all(
    [0, 1, 2, 3].map(async (index) => {
      const stored = await readResource(db.directory, db.tenant, { type: userType, id: user(index) })
      return [user(index), parseData(stored?.json ?? '{}')['displayName']] as const
    }),
  )
  const expected = names.filter(([id, name]) => name !== 'u0' && (name !== 'u2' || id === user(2)))
  expect(await memberIds(db, id)).toEqual(expected.map(([id]) => id))
})

test('a group may be a member and is shown as one', async () => {
  const inner = await addGroup(db, 'inner')
  const outer = await addGroup(db, 'outer', [inner.id])
  expect(await memberIds(db, outer.id)).toEqual([inner.id])
})

test('a precondition that refuses changes nothing', async () => {
  const { id } = await addGroup(db, 'precondition')
  const refusal = new ScimError(412, 'Another version.')
  const work = db.write((scope) =>
    changeMembership(
      scope,
      {
        type: groupType,
        id,
        steps: [{ kind: 'add', values: [user(0)] }],
        precondition: () => {
          throw refusal
        },
      },
      tester,
    ),
  )
  await expect(work).rejects.toBe(refusal)
  expect(await memberIds(db, id)).toEqual([])
})

test('members of an unknown group and of a user are not found', async () => {
  const steps = [{ kind: 'add', values: [user(0)] }] as const
  expect(await step(db, user(1), ...steps)).toBeUndefined()
  expect(await step(db, '00000000-0000-7000-8000-000000000000', ...steps)).toBeUndefined()
  expect(await step(db, 'no id', ...steps)).toBeUndefined()
})

test('ten thousand members come and go in one request each', async () => {
  await db.directory.pool.query('select 1')
  const many = await db.write(async (scope) => {
    const rows = await scope.query<{ id: string }>({
      text: `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
        select $1, gen_random_uuid(), 'User', 'many' || n, '{}', '{}', 1, now(), now() from generate_series(1, 10000) n
        returning id`,
      values: [scope.tenantId],
    })
    return rows.map(({ id }) => id).toSorted()
  })
  const { id } = await addGroup(db, 'many', many.slice(0, 5_000))
  await step(db, id, { kind: 'add', values: many })
  expect(await memberIds(db, id)).toEqual(many)
  await step(db, id, { kind: 'replace', values: [...many.slice(9_000), user(0)] })
  expect(await memberIds(db, id)).toHaveLength(1_001)
  await step(db, id, { kind: 'remove', values: many })
  expect(await memberIds(db, id)).toEqual([user(0)])
  await step(db, id, { kind: 'add', values: many.slice(0, 5_000) })
  await step(
    db,
    id,
    { kind: 'remove', values: [...many.slice(0, 5_000), user(0)] },
    { kind: 'add', values: many.slice(5_000) },
  )
  expect(await memberIds(db, id)).toEqual(many.slice(5_000))
})

test('adding a member reads a handful of rows, however many groups and users the tenant has', async () => {
  await using owner = await opened(db.database.ownerUrl)
  const many = (type: string, count: number): Promise<unknown> =>
    owner.pool.query(
      `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
       select $1, gen_random_uuid(), $2, 'many ' || number, '{}', '{}', 1, now(), now()
       from generate_series(1, $3::integer) as number`,
      [db.tenant, type, count],
    )
  await many('User', 3_000)
  // Postgres counts when there are hardly any groups, as when a tenant is new.
  await owner.pool.query('vacuum analyze resource')
  await many('Group', 500)
  const member = await addUser(db, 'one of many')
  const { id } = await addGroup(db, 'one of many')
  const values = {
    tenant: db.tenant,
    id,
    type: 'Group',
    max_members: null,
    actor: 'a',
    request: 'r',
    action: 'patch',
    now: new Date(),
    ordinal: 0,
    add_values: `{${member.id}}`,
    add_ids: `{${member.id}}`,
    add_positions: '{0}',
  }
  const { visited, scans } = await db.write((scope) =>
    preparedVisitsOf(scope, changeStatement({ ...noParts, adds: true })(values)),
  )
  expect({ scans, isFew: visited < 30 }).toMatchObject({ isFew: true })
  expect(await memberIds(db, id)).toEqual([member.id])
})
