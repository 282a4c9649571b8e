import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { readChanges, type Change, type FeedPage } from '#directory/change-feed.ts'
import { changeResource } from '#directory/change-resource.ts'
import { createResource } from '#directory/create-resource.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { changeMembership } from '#directory/memberships.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { newTenantId, openTestDirectory, tester, type TestDirectory } from '#test/kit/open-directory.ts'
import { opened } from '#test/kit/builders.ts'
import { startTestServer, type StartedServer } from '#test/kit/test-server.ts'
import { withClient } from '#directory/client.ts'

let db: TestDirectory
let tenant: TenantId
/** A server of its own: the feed waits for every older transaction of the server, and other files have long ones. */
let own: StartedServer
beforeAll(async () => {
  own = await startTestServer()
  db = await openTestDirectory({}, own.server)
})
beforeEach(() => {
  tenant = newTenantId()
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await own.stop()
})

/** Until no transaction of any database on this server is older than what was written so far. */
const settled = async (): Promise<void> => {
  const text = 'select pg_current_xact_id()::text as xid'
  const [last] = await db.write((scope) => scope.query<{ xid: string }>({ text, values: [] }))
  await vi.waitFor(
    async () => {
      const statement = {
        text: 'select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as "isPast"',
        values: [last?.xid],
      }
      const [row] = await db.write((scope) => scope.query<{ isPast: boolean }>(statement))
      expect(row?.isPast).toBe(true)
    },
    { timeout: 30_000, interval: 5 },
  )
}

const page = async (after?: string, limit = 1_000): Promise<FeedPage & { kind: 'page' }> => {
  await settled()
  return pageNow(after, limit)
}

const pageNow = async (after?: string, limit = 1_000): Promise<FeedPage & { kind: 'page' }> => {
  const found = await readChanges(db.directory, tenant, { limit, ...(after !== undefined && { after }) })
  if (found.kind !== 'page') throw new Error(found.kind)
  return found
}

const changes = async (): Promise<readonly Change[]> => (await page()).changes
const create = (userName: string): Promise<{ id: string }> =>
  db.write((scope) => createResource(scope, userType, { data: { userName } }, tester), tenant)

test('every write is in the feed with who, what and the state it made', async () => {
  const user = await create('ada')
  const group = await db.write(
    (scope) =>
      createResource(scope, groupType, { data: { displayName: 'G' }, members: [user.id, 'x'] }, tester),
    tenant,
  )
  const to = { displayName: 'H' }
  await db.write(async (scope) => {
    const change = { type: groupType, id: group.id, change: () => ({ data: to, membership: [] }) }
    await changeResource(scope, change, tester)
    const steps = [{ kind: 'remove', values: [user.id, 'x'] }] as const
    await changeMembership(scope, { type: groupType, id: group.id, steps }, { actor: 'b', requestId: 'r2' })
    await deleteResource(scope, { type: groupType, id: group.id }, tester)
  }, tenant)
  const found = await changes()
  expect(
    found.map(({ action, resourceType, version, detail }) => ({ action, resourceType, version, detail })),
  ).toEqual([
    { action: 'create', resourceType: 'User', version: 1, detail: { data: { userName: 'ada' } } },
    {
      action: 'create',
      resourceType: 'Group',
      version: 1,
      detail: { data: { displayName: 'G' }, added: [user.id], pendingAdded: ['x'] },
    },
    { action: 'patch', resourceType: 'Group', version: 2, detail: { data: to } },
    {
      action: 'patch',
      resourceType: 'Group',
      version: 3,
      detail: { removed: [user.id], pendingRemoved: ['x'] },
    },
    { action: 'delete', resourceType: 'Group', version: 3, detail: { data: to } },
  ])
  expect(found[0]).toMatchObject({ actor: 'tester', requestId: 'request-1', resourceId: user.id })
  expect(found[3]).toMatchObject({ actor: 'b', requestId: 'r2', resourceId: group.id })
})

test('a deleted user is in the feed once itself and once for each group that held it', async () => {
  const user = await create('held')
  const groups: string[] = []
  for (const displayName of ['g1', 'g2']) {
    const resource = { data: { displayName }, members: [user.id] }
    groups.push((await db.write((scope) => createResource(scope, groupType, resource, tester), tenant)).id)
  }
  const before = await page()
  await db.write((scope) => deleteResource(scope, { type: userType, id: user.id }, tester), tenant)
  const { changes } = await page(before.cursor)
  expect(changes.map(({ action, resourceId, version }) => ({ action, resourceId, version }))).toEqual([
    { action: 'delete', resourceId: user.id, version: 1 },
    ...groups.toSorted().map((resourceId) => ({ action: 'leave', resourceId, version: 2 })),
  ])
  expect(changes[1]?.detail).toEqual({ removed: [user.id] })
})

test('a write of many members is logged in rows of at most a thousand', async () => {
  const members = Array.from({ length: 2_500 }, (_, index) => `nobody ${String(index)}`)
  const resource = { data: { displayName: 'many' }, members }
  await db.write((scope) => createResource(scope, groupType, resource, tester), tenant)
  const rows = (await changes()).map(({ detail }) => detail)
  expect(rows.map((detail) => Object.keys(detail))).toEqual([
    ['data', 'pendingAdded'],
    ['pendingAdded'],
    ['pendingAdded'],
  ])
  const logged = rows.flatMap(({ pendingAdded }) => pendingAdded)
  expect(new Set(logged)).toEqual(new Set(members))
  expect(logged).toHaveLength(2_500)
})

test('thousands of writes of one transaction are in the feed, in their order', async () => {
  const names = Array.from({ length: 2_200 }, (_, index) => `batch ${String(index)}`)
  await db.write(async (scope) => {
    for (const userName of names) await createResource(scope, userType, { data: { userName } }, tester)
  }, tenant)
  const { changes } = await page(undefined, 3_000)
  expect(changes.map(({ detail }) => detail)).toEqual(names.map((userName) => ({ data: { userName } })))
})

test('what changes nothing is not in the feed', async () => {
  const { id } = await create('quiet')
  const before = await page()
  const same = { type: userType, id, change: () => ({ data: { userName: 'quiet' }, membership: [] }) }
  await db.write((scope) => changeResource(scope, same, tester), tenant)
  expect(await page(before.cursor)).toEqual({ ...before, changes: [] })
})

const renameToLate = () => ({ data: { userName: 'late' }, membership: [] })

test('a reader that follows the cursor misses no transaction that commits late', async () => {
  const early = Promise.withResolvers<undefined>()
  const hasWritten = Promise.withResolvers<undefined>()
  const { id } = await create('on time')
  const before = await page()
  const late = db.write(async (scope) => {
    // No creation: two of them may keep the count of the tenant in one row, and then take turns.
    await changeResource(scope, { type: userType, id, change: renameToLate }, tester)
    hasWritten.resolve(undefined)
    await early.promise
  }, tenant)
  await hasWritten.promise
  await create('early')
  const first = await pageNow(before.cursor)
  early.resolve(undefined)
  await late
  const second = await page(first.cursor)
  const names = [...first.changes, ...second.changes].map(({ detail }) => detail['data'])
  expect(names).toEqual([{ userName: 'late' }, { userName: 'early' }])
})

test('the feed pages through every change once, whatever the size of the page', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `user ${String(index)}`)
  await db.write(async (scope) => {
    for (const userName of names.slice(0, 7))
      await createResource(scope, userType, { data: { userName } }, tester)
  }, tenant)
  for (const userName of names.slice(7)) await create(userName)
  const read: unknown[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 10; pages += 1) {
    const next = await page(cursor, 5)
    cursor = next.cursor
    read.push(...next.changes.map(({ detail }) => detail['data']))
    if (next.changes.length === 0) break
  }
  expect(read).toEqual(names.map((userName) => ({ userName })))
})

test('a cursor from before a restore is expired, and any other text is no cursor', async () => {
  const { cursor } = await page()
  await using owner = await opened(db.database.ownerUrl)
  await withClient(owner, (query) => query(`update feed_epoch set epoch = gen_random_uuid()`))
  expect(await readChanges(db.directory, tenant, { after: cursor, limit: 1 })).toEqual({ kind: 'expired' })
  for (const after of ['', 'x', `${cursor}.1`]) {
    expect(await readChanges(db.directory, tenant, { after, limit: 1 })).toEqual({ kind: 'invalid' })
  }
})
