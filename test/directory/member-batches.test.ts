import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { withClient } from '#directory/client.ts'
import { memberBatch, memberBatches } from '#directory/member-batches.ts'
import { setPlanningInOrder } from '#directory/plan-once.ts'
import { readResource } from '#directory/read-resource.ts'
import { mostMembersAtOnce } from '#directory/resource-row.ts'
import { openSnapshot } from '#directory/tenant-scope.ts'
import { groupType } from '#scim/resource-types.ts'
import { allOf } from '#test/kit/all-of.ts'
import { opened } from '#test/kit/builders.ts'
import { addGroup, addUser, openTestDirectory, step, type TestDirectory } from '#test/kit/open-directory.ts'
import { visitsOf } from '#test/kit/plans.ts'

let db: TestDirectory
/** Sorted; a multiple of the size of a batch. */
let ids: readonly string[]
let group: string
beforeAll(async () => {
  db = await openTestDirectory()
  ids = Array.from({ length: 5 * mostMembersAtOnce }, () => randomUUID()).toSorted()
  await using owner = await opened(db.database.ownerUrl)
  await withClient(owner, async (query) => {
    await query(
      `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
       select $1, one.id, 'User', one.n::text, jsonb_build_object('displayName', one.n), '{}', 1, now(), now()
       from unnest($2::uuid[]) with ordinality as one (id, n)`,
      [db.tenant, ids],
    )
    await query('analyze resource')
  })
  group = (await addGroup(db, 'many', ids)).id
})
afterAll(() => db[Symbol.asyncDispose]())

const batchesOf = async (id: string) => {
  await using snapshot = await openSnapshot(db.directory, db.tenant)
  return await allOf(memberBatches(snapshot, id))
}

test('a group with more members than are held at once is read without them, and one with as many with all', async () => {
  const read = (id: string) => readResource(db.directory, db.tenant, { type: groupType, id, members: true })
  const many = await read(group)
  expect(many).toMatchObject({ hasManyMembers: true })
  expect(many).not.toHaveProperty('members')
  const { id } = await addGroup(db, 'few', ids.slice(0, mostMembersAtOnce))
  const few = await read(id)
  expect(few?.members).toHaveLength(mostMembersAtOnce)
  expect(few).not.toHaveProperty('hasManyMembers')
  await step(db, id, { kind: 'add', values: ids.slice(-1) })
  expect(await read(id)).toMatchObject({ hasManyMembers: true })
})

test('batches are full but for the last, and have each member once, in the order of ids', async () => {
  const batches = await batchesOf(group)
  expect(batches.map(({ length }) => length)).toEqual([1, 2, 3, 4, 5].map(() => mostMembersAtOnce))
  expect(batches.flat()).toEqual(
    ids.map((value, index) => ({ value, type: 'User', display: `${index + 1}` })),
  )
  expect(await batchesOf((await addGroup(db, 'none')).id)).toEqual([])
  expect(await batchesOf(randomUUID())).toEqual([])
})

test('the batches of a snapshot do not see what is written after it', async () => {
  const user = await addUser(db, 'late')
  await using snapshot = await openSnapshot(db.directory, db.tenant)
  const batches = memberBatches(snapshot, group)
  const first = await batches.next()
  await step(db, group, { kind: 'add', values: [user.id] }, { kind: 'remove', values: ids.slice(-1) })
  const rest = await allOf(batches)
  expect([first.value ?? [], ...rest].flat().map(({ value }) => value)).toEqual(ids)
  await step(db, group, { kind: 'remove', values: [user.id] }, { kind: 'add', values: ids.slice(-1) })
})

test('a snapshot that is aborted ends its statement in Postgres', async () => {
  const sleeping = async (): Promise<number> => {
    const text = `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'`
    const [row] = await db.write((scope) => scope.query<{ count: number }>({ text, values: [] }))
    return row?.count ?? 0
  }
  const abort = new AbortController()
  await using snapshot = await openSnapshot(db.directory, db.tenant, { signal: abort.signal })
  const running = snapshot.query({ text: 'select pg_sleep(60)', values: [] })
  running.catch(() => undefined)
  await vi.waitFor(async () => expect(await sleeping()).toBe(1), { timeout: 30_000 })
  abort.abort(new Error('the client went away'))
  await expect(running).rejects.toBeInstanceOf(Error)
  await vi.waitFor(async () => expect(await sleeping()).toBe(0), { timeout: 30_000 })
})

test('a batch anywhere in a group reads few more rows than it has', async () => {
  for (const after of ['00000000-0000-0000-0000-000000000000', ids[ids.length / 2] ?? '']) {
    const visits = await db.write(async (scope) => {
      await scope.query(setPlanningInOrder({}))
      return visitsOf(scope, memberBatch({ tenant: db.tenant, id: group, after, count: 100 }))
    })
    // Each member and its resource.
    expect(visits.visited).toBeLessThanOrEqual(20 * 100)
  }
})
