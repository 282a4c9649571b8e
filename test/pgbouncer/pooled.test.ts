import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Directory } from '#directory/database.ts'
import { listResources } from '#directory/list-resources.ts'
import { readResource } from '#directory/read-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import { tenantBySlug } from '#directory/tenants.ts'
import { sqlState } from '#directory/unavailable.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { opened } from '#test/kit/builders.ts'
import { startPgBouncer } from '#test/kit/pgbouncer.ts'
import { cloneDatabase, type TestDatabase } from '#test/kit/postgres.ts'
import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { startScim, type TestServerProcess, type TestTenant } from '#test/kit/server.ts'
import { asAdmin } from '#test/kit/test-server.ts'

const stack = new AsyncDisposableStack()
let db: TestDatabase
let directory: Directory
let server: TestServerProcess
const tenants: { readonly tenant: TestTenant; readonly user: string; readonly group: string }[] = []

beforeAll(async () => {
  db = stack.use(await cloneDatabase())
  // Behind a pooler the time limit of statements stands with the role: PgBouncer refuses it from a client.
  await asAdmin(db.adminUrl, `alter role scim_app in database ${db.name} set statement_timeout = '1500ms'`)
  const pgbouncer = stack.use(await startPgBouncer([db.appUrl]))
  // Far more clients than PgBouncer has connections to Postgres.
  directory = stack.use(await opened(pgbouncer.through(db.appUrl), { isPooled: true, poolSize: 24 }))
  server = stack.use(await startScim(db, { directory }))
  for (let number = 0; number < 6; number += 1) {
    const tenant = await server.newTenant()
    const user = await tenant.create('/Users', aUser(`${tenant.slug}@example.com`, { externalId: 'shared' }))
    const group = await tenant.create('/Groups', aGroup('Shared', [user]))
    tenants.push({ tenant, user, group })
  }
}, 60_000)
afterAll(() => stack.disposeAsync())

const page = { kind: 'index', startIndex: 1, count: 10 } as const
const found = async (tenant: TestTenant, filter?: string): Promise<unknown> => {
  const targets = [{ type: userType, ...(filter !== undefined && { filter: parseFilter(filter, userType) }) }]
  const { total, resources } = await listResources(directory, tenant.id, { targets, page })
  return [total, ...resources.map(({ id }) => id)]
}

/** One read of each kind, and what it must say; alike in all tenants but for the ids. */
const reads: readonly ((
  at: (typeof tenants)[number],
) => Promise<readonly [answer: unknown, expected: unknown]>)[] = [
  async ({ tenant, user }) => {
    const read = await readResource(directory, tenant.id, { type: userType, id: user, groups: true })
    return [
      [read?.id, read?.groups?.length],
      [user, 1],
    ]
  },
  async ({ tenant, group, user }) => {
    const read = await readResource(directory, tenant.id, { type: groupType, id: group, members: true })
    return [read?.members?.map(({ value }) => value), [user]]
  },
  async ({ tenant, user }) => [await found(tenant, 'externalId eq "shared"'), [1, user]],
  async ({ tenant, user }) => [await found(tenant, 'userName co "@example.com"'), [1, user]],
  async ({ tenant, user }) => [await found(tenant), [1, user]],
  async ({ tenant, group }) => [
    await found(tenant, `groups.value eq "${group}"`),
    [1, ...(await one(tenant))],
  ],
  async ({ tenant }) => [(await tenantBySlug(directory, tenant.slug))?.id, tenant.id],
]

const one = async (tenant: TestTenant): Promise<readonly string[]> =>
  tenants.filter((known) => known.tenant === tenant).map(({ user }) => user)

test(
  'of 10,000 mixed reads of several tenants, many at once, none is wrong or empty',
  { timeout: 240_000 },
  async () => {
    const wrong: unknown[] = []
    let next = 0
    const reader = async (): Promise<void> => {
      for (let index = next++; index < 10_000; index = next++) {
        const at = tenants[index % tenants.length]
        // Every kind of read meets every tenant.
        const read = reads[Math.floor(index / tenants.length) % reads.length]
        if (at === undefined || read === undefined) throw new Error('There is nothing to read')
        const [answer, expected] = await read(at)
        if (JSON.stringify(answer) !== JSON.stringify(expected)) wrong.push({ index, answer, expected })
      }
    }
    await Promise.all(Array.from({ length: 60 }, reader))
    expect(next).toBeGreaterThanOrEqual(10_000)
    expect(wrong).toEqual([])
  },
)

test('requests over HTTP read and write their own tenant, those of others at the same time', async () => {
  const rounds = Array.from({ length: 40 }, (_, round) => tenants.map((at) => ({ ...at, round })))
  await Promise.all(
    rounds.flat().map(async ({ tenant, user, round }) => {
      const name = `round-${String(round)}@example.com`
      const id = await tenant.create('/Users', aUser(name))
      const [group, changed, read] = await Promise.all([
        tenant.create('/Groups', aGroup(name, [user, id])),
        tenant.patch(`/Users/${id}`, aPatch({ op: 'replace', path: 'title', value: tenant.slug })),
        tenant.get(`/Users/${user}`),
      ])
      expect(changed.body.title).toBe(tenant.slug)
      expect(read.body.userName).toBe(`${tenant.slug}@example.com`)
      const full = await tenant.get(`/Groups/${group}`)
      expect(full.body.members).toHaveLength(2)
      expect((await tenant.delete(`/Groups/${group}`)).status).toBe(204)
      expect((await tenant.delete(`/Users/${id}`)).status).toBe(204)
      expect((await tenant.get(`/Users?filter=userName%20eq%20"${name}"`)).body.totalResults).toBe(0)
    }),
  )
  for (const { tenant } of tenants) expect((await tenant.get('/Users')).body.totalResults).toBe(1)
})

test('a hundred parallel additions to one group through the pooler lose nothing', async () => {
  const tenant = await server.newTenant()
  const group = await tenant.create('/Groups', aGroup('Parallel'))
  const ids = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      tenant.create('/Users', aUser(`p${String(index)}@example.com`)),
    ),
  )
  const replies = await Promise.all(
    ids.map((value) =>
      tenant.patch(
        `/Groups/${group}?excludedAttributes=members`,
        aPatch({ op: 'add', path: 'members', value: [{ value }] }),
      ),
    ),
  )
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  expect((await tenant.get(`/Groups/${group}`)).body.members).toHaveLength(100)
})

test('a statement that takes too long is ended by the time limit of the role', async () => {
  const { tenant } = tenants[0]!
  const slow = { text: 'select pg_sleep(20)', values: [] }
  const outcome = await inTenant(directory, tenant.id, { retries: 0 }, (scope) => scope.query(slow)).catch(
    sqlState,
  )
  expect(outcome).toBe('57014')
})
