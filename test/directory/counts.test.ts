import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeResource } from '#directory/change-resource.ts'
import { withClient } from '#directory/client.ts'
import { createResource } from '#directory/create-resource.ts'
import type { Directory } from '#directory/database.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { listResources } from '#directory/list-resources.ts'
import { changeMembership } from '#directory/memberships.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { ScimError } from '#scim/errors.ts'
import type { ChangedResource, NewResource } from '#scim/resource.ts'
import { groupType, resourceTypes, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { opened } from '#test/kit/builders.ts'
import {
  addUser,
  newTenantId,
  openTestDirectory,
  tester,
  type TestDirectory,
} from '#test/kit/open-directory.ts'

let db: TestDirectory
let owner: Directory
beforeAll(async () => {
  db = await openTestDirectory({ poolSize: 16 })
  owner = await opened(db.database.ownerUrl)
})
afterAll(async () => {
  await owner[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** What was counted while writing, and what there is. */
async function countsOf(tenant: TenantId): Promise<Record<'kept' | 'there', readonly unknown[]>> {
  const rows = (text: string) => withClient(owner, (query) => query(text, [tenant]))
  return {
    kept: [
      ...(await rows(`select type, sum(count)::integer as count from resource_count where tenant_id = $1
        group by type having sum(count) <> 0 order by type`)),
      ...(await rows(`select id, member_count as count from resource
        where tenant_id = $1 and member_count <> 0 order by id`)),
    ],
    there: [
      ...(await rows(`select type, count(*)::integer as count from resource where tenant_id = $1
        group by type order by type`)),
      ...(await rows(`select group_id as id, count(*) as count from (
          select group_id from membership where tenant_id = $1
          union all select group_id from pending_member where tenant_id = $1
        ) as held group by group_id order by group_id`)),
    ],
  }
}

const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const kinds = [
  'add',
  'remove',
  'replace',
  'mixed',
  'put',
  'renumber',
  'deleteUser',
  'deleteGroup',
  'user',
  'group',
] as const
const arbitraryWrite = fc.record({
  kind: fc.constantFrom(...kinds),
  target: fc.nat(names.length - 1),
  /** By id, by externalId, as a nested group, or as a value that is nobody's. */
  values: fc.array(fc.tuple(fc.nat(names.length - 1), fc.nat(3)), { maxLength: 6 }),
})
type Write = typeof arbitraryWrite extends fc.Arbitrary<infer T> ? T : never

/** Does random writes on a tenant of six users and six groups. */
async function writer(tenant: TenantId): Promise<(write: Write, index: number) => Promise<unknown>> {
  const create = async (type: ResourceType, resource: NewResource): Promise<string> =>
    (await db.write((scope) => createResource(scope, type, resource, tester), tenant)).id
  const newUser = (name: string) => create(userType, { data: { userName: name, externalId: name } })
  const newGroup = (name: string, members: readonly string[]) =>
    create(groupType, { data: { displayName: name }, members })
  const change = (type: ResourceType, id: string, next: ChangedResource) =>
    db.write((scope) => changeResource(scope, { type, id, change: () => next }, tester), tenant)
  const users: string[] = []
  const groups: string[] = []
  for (const name of names) users.push(await newUser(name))
  for (const name of names) groups.push(await newGroup(name, users.slice(0, groups.length)))
  return ({ kind, target, values: named }, index) => {
    const [user = '', group = ''] = [users[target], groups[target]]
    const values = named.map(
      ([at, how]) => [users[at], names[at], groups[at], `nobody ${String(at)}`][how] ?? '',
    )
    const name = `${kind} ${String(index)}`
    const isStep = { type: groupType, id: group }
    switch (kind) {
      case 'add':
      case 'remove':
      case 'replace':
        return db.write(
          (scope) => changeMembership(scope, { ...isStep, steps: [{ kind, values }] }, tester),
          tenant,
        )
      case 'mixed': {
        const steps = [
          { kind: 'remove', values: values.slice(0, 3) } as const,
          { kind: 'add', values } as const,
        ]
        return db.write((scope) => changeMembership(scope, { ...isStep, steps }, tester), tenant)
      }
      case 'put':
        return change(groupType, group, {
          data: { displayName: name },
          membership: [{ kind: 'replace', values }],
        })
      case 'renumber':
        // Takes waiting values in: another externalId, perhaps one that somebody has.
        return change(userType, user, {
          data: {
            userName: name,
            externalId: index % 2 === 0 ? `nobody ${String(target)}` : (names[index % 6] ?? name),
          },
          membership: [],
        })
      case 'deleteUser':
        return db.write((scope) => deleteResource(scope, { type: userType, id: user }, tester), tenant)
      case 'deleteGroup':
        return db.write((scope) => deleteResource(scope, { type: groupType, id: group }, tester), tenant)
      case 'user':
        return newUser(`nobody ${String(target)}`)
      case 'group':
        return newGroup(name, values)
    }
  }
}

const isRefusal = ({ reason }: PromiseRejectedResult): boolean => reason instanceof ScimError

test(
  'what is counted while writing is what there is, after random writes at once',
  { timeout: 120_000 },
  async () => {
    const property = fc.asyncProperty(
      fc.array(arbitraryWrite, { minLength: 30, maxLength: 80 }),
      async (writes) => {
        const tenant = newTenantId()
        const results = await Promise.allSettled(writes.map(await writer(tenant)))
        expect(results.filter((result) => result.status === 'rejected' && !isRefusal(result))).toEqual([])
        const { kept, there } = await countsOf(tenant)
        expect(kept).toEqual(there)
      },
    )
    await fc.assert(property, { numRuns: 20, endOnFailure: true })
  },
)

test('the total of a list without a filter is read from what was kept, and no row of the resources', async () => {
  const tenant = newTenantId()
  await Promise.all(['x', 'y', 'z'].map((name) => addUser(db, name, {}, tenant)))
  // Were it counted, it would not be this many.
  await withClient(owner, (query) =>
    query(`insert into resource_count values ($1, 'User', 99, 1000), ($1, 'Group', 99, 10)`, [tenant]),
  )
  const totalOf = async (types: readonly ResourceType[], filter?: 'filtered') => {
    const targets = types.map((type) => ({
      type,
      ...(filter !== undefined && { filter: { kind: 'constant', value: true } as const }),
    }))
    const page = { kind: 'index', startIndex: 1, count: 2 } as const
    return (await listResources(db.directory, tenant, { targets, page })).total
  }
  expect(await totalOf([userType])).toBe(1003)
  expect(await totalOf(resourceTypes)).toBe(1013)
  expect(await totalOf([userType], 'filtered')).toBe(3)
})
