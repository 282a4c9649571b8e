import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import type { Directory } from '#directory/database.ts'
import { listResources, type ListRequest } from '#directory/list-resources.ts'
import { listingSql } from '#directory/listing-sql.ts'
import { inTenant, type TenantId, type TenantScope } from '#directory/tenant-scope.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { opened } from '#test/kit/builders.ts'
import { newTenantId, openTestDirectory, type TestDirectory } from '#test/kit/open-directory.ts'
import { preparedVisitsOf, visitsOf, type Visits } from '#test/kit/plans.ts'

/*
 * The bad plan under row-level security is no sequential scan: it reads every row of the tenant through the index of
 * the tenant. So these tests look at the rows that the statements of the product visit, as the role of the product.
 */

const size = 20_000
let db: TestDirectory
let owner: Directory
let large: TenantId
/** As large, and Postgres has never looked at its rows. */
let unseen: TenantId
let ids: Readonly<Record<string, string>>

beforeAll(async () => {
  db = await openTestDirectory()
  owner = await opened(db.database.ownerUrl)
  // Statistics are looked at when a test says so, and not in the middle of another.
  for (const table of ['resource', 'email', 'membership'])
    await withClient(owner, (query) => query(`alter table ${table} set (autovacuum_enabled = false)`))
  const others = Array.from({ length: 4 }, newTenantId)
  for (const tenant of others) await seed(tenant, 1_000)
  large = newTenantId()
  await seed(large, size)
  await withClient(owner, (query) => query('analyze resource, email, membership'))
  // Its own statistics tell Postgres nothing of the next one.
  unseen = newTenantId()
  await seed(unseen, size)
  // Without statistics, but with trigram indexes in order: new entries wait in a list until somebody works them in.
  await withClient(owner, (query) => query('vacuum resource, email'))
  ids = await idsOf(large)
}, 60_000)
afterAll(async () => {
  await owner[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** Users `user 1`, …, and a fifth as many groups; three of the groups hold a tenth of the users each. */
async function seed(tenant: TenantId, users: number): Promise<void> {
  const columns = `tenant_id, id, type, unique_key, display_key, external_id, active, data, folded, version, created, last_modified`
  const instant = `timestamptz '2026-01-01Z' + n * interval '1 minute'`
  const document = `jsonb_build_object('userName', 'user ' || n || '@example.com', 'displayName', 'Person ' || n,
    'title', repeat('x', 100), 'emails', jsonb_build_array(jsonb_build_object('value', 'user' || n || '@mail.test', 'type', 'work')))`
  await withClient(owner, async (query) => {
    await query(
      `insert into resource (${columns})
       select $1, gen_random_uuid(), 'User', 'user ' || n || '@example.com', 'person ' || n, 'ext-' || n, n % 3 > 0,
         document, document, 1, ${instant}, ${instant}
       from generate_series(1, $2::integer) as n, lateral (select ${document} as document) as made`,
      [tenant, users],
    )
    await query(
      `insert into resource (${columns})
       select $1, gen_random_uuid(), 'Group', 'group ' || n, 'group ' || n, 'group-' || n, null,
         jsonb_build_object('displayName', 'group ' || n), jsonb_build_object('displayName', 'group ' || n), 1, ${instant}, ${instant}
       from generate_series(1, $2::integer) as n`,
      [tenant, users / 5],
    )
    await query(
      `insert into email select tenant_id, id, 1, 'work', folded -> 'emails' -> 0 ->> 'value' from resource
       where tenant_id = $1 and type = 'User'`,
      [tenant],
    )
    await query(
      `insert into membership (tenant_id, group_id, member_id)
       select $1, holder.id, member.id from resource holder join resource member on member.tenant_id = holder.tenant_id
       where holder.tenant_id = $1 and holder.type = 'Group' and member.type = 'User'
         and holder.unique_key = any(array['group 1', 'group 2', 'group 3'])
         and hashtext(member.unique_key || holder.unique_key) % 10 = 0`,
      [tenant],
    )
  })
}

async function idsOf(tenant: TenantId): Promise<Readonly<Record<string, string>>> {
  const rows = await withClient(owner, (query) =>
    query<{ name: string; id: string }>(
      `select 'user' as name, id from resource where tenant_id = $1 and unique_key = 'user 777@example.com'
       union all select * from (select 'member', member_id from membership where tenant_id = $1 limit 1) as one`,
      [tenant],
    ),
  )
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]))
}

interface Shape {
  readonly type: ResourceType
  readonly filter: string
  /** Resources that match, where the number is known. */
  readonly matches?: number
}

const users = (filter: string, matches: number): Shape => ({ type: userType, filter, matches })
const groups = (filter: string, matches: number): Shape => ({ type: groupType, filter, matches })

const equalities: readonly Shape[] = [
  users('userName eq "USER 777@example.com"', 1),
  users('externalId eq "ext-777"', 1),
  users('emails.value eq "user777@mail.test"', 1),
  users('emails[type eq "work"].value eq "user777@mail.test"', 1),
  users('emails[type eq "work" and value eq "user777@mail.test"]', 1),
  users('userName eq "nobody"', 0),
  users('emails.value eq "nobody"', 0),
  groups('displayName eq "Group 177"', 1),
]
/** What names an id, which is known only when the rows are there. */
const byId: readonly Shape[] = [
  users('id eq "{user}"', 1),
  { type: groupType, filter: 'members.value eq "{member}"' },
  { type: groupType, filter: 'members[value eq "{member}"]' },
]
/** The last hundred of 20,000 minutes, and the very last. */
const times: readonly Shape[] = [
  users('meta.lastModified gt "2026-01-14T19:40:00Z"', 100),
  users('meta.lastModified ge "2026-01-14T21:20:00Z"', 1),
  users('meta.lastModified ge "2026-01-10T00:00:00Z" and meta.lastModified lt "2026-01-10T00:30:00Z"', 30),
]
const texts: readonly Shape[] = [
  users('userName sw "user 777"', 11),
  users('displayName sw "PERSON 777"', 11),
  users('emails.value sw "user777"', 11),
  users('emails[type eq "work" and value sw "user777"]', 11),
  users('userName co "r 777"', 11),
  users('displayName co "son 777"', 11),
  users('emails.value co "er777"', 11),
  users('userName ew "7777@example.com"', 2),
  users('displayName ew "n 7777"', 1),
  users('emails.value ew "r7777@mail.test"', 1),
  users('userName sw "nobody"', 0),
  users('userName co "nobody"', 0),
  groups('displayName co "oup 1777"', 1),
]

const requestFor = ({ type, filter }: Shape, changes: Partial<ListRequest> = {}): ListRequest => ({
  targets: [
    {
      type,
      filter: parseFilter(
        filter.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? ''),
        type,
      ),
    },
  ],
  page: { kind: 'index', startIndex: 1, count: 100 },
  groups: type === userType,
  ...changes,
})

/** The scans that read more than twenty rows for each that is there; what finds nothing may look at twenty as well. */
const excessOf = ({ returned, visited, scans }: Visits, found = returned): readonly string[] =>
  visited <= 20 * Math.max(found, 1) ? [] : [scans]

/** What page and count of a list read too much, and how many resources it has. */
async function readFor(
  tenant: TenantId,
  shape: Shape,
): Promise<{ readonly excess: readonly string[]; readonly total: number | undefined }> {
  const request = requestFor(shape)
  const { page, count } = listingSql(tenant, request)
  const { total } = await listResources(db.directory, tenant, request)
  const [ofPage, ofCount] = await inTenant(db.directory, tenant, {}, async (scope) => [
    await visitsOf(scope, page),
    await visitsOf(scope, count()),
  ])
  return {
    excess: [...excessOf(ofPage), ...excessOf(ofCount, total)],
    total,
  }
}

const frugal = ({ matches }: Shape): unknown => ({ excess: [], total: matches ?? expect.any(Number) })

describe('of 20,000 users, few more rows are read than are found', () => {
  test.for([...equalities, ...byId, ...times, ...texts])('by $filter', async (shape) => {
    expect(await readFor(large, shape)).toEqual(frugal(shape))
  })

  test.for([...equalities, ...byId])('by a plan that is kept for any value: $filter', async (shape) => {
    const { page } = listingSql(large, requestFor(shape))
    const visits = await inTenant(db.directory, large, {}, (scope) => preparedVisitsOf(scope, page))
    expect(excessOf(visits)).toEqual([])
  })

  test.for(equalities)('of a tenant that Postgres has no statistics of: $filter', async (shape) => {
    expect(await readFor(unseen, shape)).toEqual(frugal(shape))
  })
})

test('what is new since a moment is read from its index also as a walk by position, to its end', async () => {
  const shape = users('meta.lastModified gt "2026-01-14T19:40:00Z"', 100)
  const seen: string[] = []
  for (let after; ;) {
    const page = { kind: 'after', count: 30, ...(after !== undefined && { after }) } as const
    const request = requestFor(shape, { page, isCounted: false })
    const visits = await inTenant(db.directory, large, {}, (scope) =>
      visitsOf(scope, listingSql(large, request).page),
    )
    // Its order is by id, so each page looks at all that is new.
    expect(excessOf(visits, 100)).toEqual([])
    const { resources, next } = await listResources(db.directory, large, request)
    seen.push(...resources.map(({ id }) => id))
    if (next === undefined) break
    after = next
  }
  expect(new Set(seen).size).toBe(100)
})

test('a page anywhere in a list without a filter reads its own rows', async () => {
  for (const id of ['00000000-0000-0000-0000-000000000000', '80000000-0000-0000-0000-000000000000']) {
    const request: ListRequest = {
      targets: [{ type: userType }],
      page: { kind: 'after', after: { id }, count: 100 },
      groups: true,
    }
    const { planning, page } = listingSql(large, request)
    const visits = await inTenant(db.directory, large, {}, async (scope) => {
      await scope.batch(planning)
      return visitsOf(scope, page)
    })
    expect(visits.returned).toBe(101)
    expect(excessOf(visits)).toEqual([])
  }
})

/** Entries that indexes gave to this connection, inside of functions too, which no plan shows. */
async function entriesRead(scope: TenantScope): Promise<number> {
  const text = `select sum(pg_stat_get_xact_tuples_returned(indexrelid))::integer as entries from pg_index
    where indrelid in ('resource'::regclass, 'email'::regclass)`
  const [row] = await scope.query<{ entries: number }>({ text, values: [] })
  return row?.entries ?? 0
}

test.for(texts.filter(({ filter }) => / (?:co|ew) /.test(filter)))(
  'a search of text reads few index entries, inside of its function too: $filter',
  async (shape) => {
    const { page } = listingSql(large, requestFor(shape))
    const [found, entries] = await inTenant(db.directory, large, {}, async (scope) => {
      const before = await entriesRead(scope)
      const rows = await scope.query(page)
      return [rows.length, (await entriesRead(scope)) - before]
    })
    expect(entries).toBeLessThanOrEqual(20 * Math.max(found, 1))
  },
)
