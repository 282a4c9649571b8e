import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeResource } from '#directory/change-resource.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { ScimError } from '#scim/errors.ts'
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
beforeAll(async () => {
  db = await openTestDirectory({ poolSize: 16 })
})
afterAll(() => db[Symbol.asyncDispose]())

const isRefused =
  (status: number) =>
  (result: PromiseSettledResult<unknown>): boolean =>
    result.status === 'rejected' && result.reason instanceof ScimError && result.reason.status === status

test('hard spot 12: of a hundred parallel additions to one group none is lost and none fails', async () => {
  const users = await Promise.all(
    Array.from({ length: 100 }, (_, index) => addUser(db, `add ${String(index)}`)),
  )
  const { id } = await addGroup(db, 'parallel additions')
  const facts = await Promise.all(users.map((user) => step(db, id, { kind: 'add', values: [user.id] })))
  expect(await memberIds(db, id)).toEqual(users.map((user) => user.id).toSorted())
  // Each of them saw a version of its own.
  expect(new Set(facts.map((one) => one?.version))).toEqual(new Set(users.map((_, index) => index + 2)))
})

test('additions, removals and replacements in parallel leave what some order of them leaves', async () => {
  const users = await Promise.all(['p', 'q', 'r', 's'].map((name) => addUser(db, name)))
  const [p = '', q = '', r = '', s = ''] = users.map(({ id }) => id)
  for (let round = 0; round < 20; round += 1) {
    const { id } = await addGroup(db, `some order ${String(round)}`, [p, q])
    await Promise.all([
      step(db, id, { kind: 'replace', values: [r] }),
      step(db, id, { kind: 'remove', values: [p] }, { kind: 'add', values: [s] }),
    ])
    const members = await memberIds(db, id)
    const first = [r, s].toSorted()
    expect([JSON.stringify([r]), JSON.stringify(first)]).toContain(JSON.stringify(members))
    await db.write((scope) => deleteResource(scope, { type: groupType, id }, tester))
  }
})

test('hard spot 27: of a hundred parallel creations with one name exactly one succeeds and all others are conflicts', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => addUser(db, index % 2 === 0 ? 'Racing' : 'rAcInG')),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(results.filter(isRefused(409))).toHaveLength(99)
})

test('hard spot 39: a user that is deleted while it is pushed to a group fails neither and stays nowhere', async () => {
  for (let round = 0; round < 20; round += 1) {
    const user = await addUser(db, `meets ${String(round)}`)
    const groups = await Promise.all(
      [1, 2, 3].map((number) => addGroup(db, `meets ${String(round)} ${String(number)}`)),
    )
    const [isDeleted] = await Promise.all([
      db.write((scope) => deleteResource(scope, { type: userType, id: user.id }, tester)),
      ...groups.map(({ id }) => step(db, id, { kind: 'add', values: [user.id] })),
    ])
    expect(isDeleted).toBe(true)
    for (const { id } of groups) expect(await memberIds(db, id)).toEqual([])
  }
})

/** One more x in the title. */
const count = (current: { readonly data: object }) => ({
  data: { userName: 'counted', title: `${'title' in current.data ? String(current.data.title) : ''}x` },
  membership: [],
})

test('parallel changes of one document are worked off one after the other', async () => {
  const { id } = await addUser(db, 'counted', { title: '' })
  await Promise.all(
    Array.from({ length: 40 }, () =>
      db.write((scope) => changeResource(scope, { type: userType, id, change: count }, tester)),
    ),
  )
  expect(await factsOf(db, userType, id)).toMatchObject({ version: 41 })
})

/** What a user is found by beside its id and name. */
const known = (run: string, n: number) => ({
  externalId: `${run} ${String(n)}`,
  emails: [{ value: `${run}-${String(n)}@example.com`, type: 'work' }],
})

/** Rows that name a resource which is gone. */
const danglingRows = (): Promise<unknown[]> =>
  db.write((scope) =>
    scope.query({
      text: `select named.* from (
          select 'email' as table, tenant_id, resource_id as id from email
          union all select 'group of membership', tenant_id, group_id from membership
          union all select 'member', tenant_id, member_id from membership
          union all select 'pending_member', tenant_id, group_id from pending_member
        ) as named left join resource using (tenant_id, id) where resource.id is null`,
      values: [],
    }),
  )

/** A write on small sets of users and groups, so that writes meet all the time. */
const arbitraryWrite = fc.record({
  kind: fc.constantFrom(
    'add',
    'remove',
    'replace',
    'mixed',
    'put',
    'rename',
    'deleteUser',
    'deleteGroup',
    'user',
    'group',
  ),
  group: fc.nat(5),
  user: fc.nat(7),
  users: fc.uniqueArray(fc.nat(7), { maxLength: 6 }),
})

test(
  'random writes over many connections never end in an error that is not a refusal',
  { timeout: 120_000 },
  async () => {
    const property = fc.asyncProperty(
      fc.array(arbitraryWrite, { minLength: 60, maxLength: 120 }),
      async (writes) => {
        const run = crypto.randomUUID()
        const userIds = await Promise.all(
          Array.from(
            { length: 8 },
            async (_, n) => (await addUser(db, `${run} ${String(n)}`, known(run, n))).id,
          ),
        )
        const groupIds = await Promise.all(
          Array.from(
            { length: 6 },
            async (_, n) => (await addGroup(db, `${run} ${String(n)}`, userIds.slice(n))).id,
          ),
        )
        const work = async (
          { kind, group, user, users }: (typeof writes)[number],
          index: number,
        ): Promise<unknown> => {
          const groupId = groupIds[group] ?? ''
          const userId = userIds[user] ?? ''
          // By id, by externalId, and nested groups.
          const values = users.map(
            (n) => [userIds[n], `${run} ${String(n)}`, groupIds[n % 6]][(n + index) % 3] ?? '',
          )
          switch (kind) {
            case 'add':
            case 'remove':
            case 'replace':
              return step(db, groupId, { kind, values })
            case 'mixed':
              return step(db, groupId, { kind: 'remove', values: [userId] }, { kind: 'add', values })
            case 'put': {
              const data = { displayName: `${run} ${String(group)} ${String(index)}` }
              const membership = [{ kind: 'replace', values }] as const
              return db.write((scope) =>
                changeResource(
                  scope,
                  { type: groupType, id: groupId, change: () => ({ data, membership }) },
                  tester,
                ),
              )
            }
            case 'rename': {
              const data = {
                userName: `${run} ${String(user)} ${String(index)}`,
                externalId: `${run} ${String(users[0] ?? user)}`,
              }
              return db.write((scope) =>
                changeResource(
                  scope,
                  { type: userType, id: userId, change: () => ({ data, membership: [] }) },
                  tester,
                ),
              )
            }
            case 'deleteUser':
              return db.write((scope) => deleteResource(scope, { type: userType, id: userId }, tester))
            case 'deleteGroup':
              return db.write((scope) => deleteResource(scope, { type: groupType, id: groupId }, tester))
            case 'user':
              return addUser(db, `${run} ${String(user)}`, known(run, user))
            case 'group':
              return addGroup(db, `${run} ${String(group)}`, values)
          }
        }
        const results = await Promise.allSettled(writes.map(work))
        const failed = results.filter((result) => result.status === 'rejected' && !isRefused(409)(result))
        expect(failed).toEqual([])
        expect(await danglingRows()).toEqual([])
      },
    )
    await fc.assert(property, { numRuns: 12, endOnFailure: true })
  },
)
