import { afterAll, beforeAll, expect, test } from 'vitest'
import { createResource } from '#directory/create-resource.ts'
import { listResources, type ListPosition, type ListRequest } from '#directory/list-resources.ts'
import { resolveAttribute } from '#scim/attribute-path.ts'
import { parseFilter, parseRootFilter } from '#scim/filter/parse.ts'
import { compareCodePoints, fold } from '#scim/fold.ts'
import { isList, propertyOf } from '#scim/json.ts'
import { parseData } from '#scim/project.ts'
import type { ResourceData, StoredResource } from '#scim/resource.ts'
import { groupType, resourceTypes, userType } from '#scim/resource-types.ts'
import { addGroup, addUser, openTestDirectory, tester, type TestDirectory } from '#test/kit/open-directory.ts'

let db: TestDirectory
const users: StoredResource[] = []
let group: StoredResource
beforeAll(async () => {
  db = await openTestDirectory()
  const titles = ['straße', 'STRASSE', 'b', 'B', undefined, '😀', '\uFFFD', undefined, 'a', 'Z']
  for (const [index, title] of titles.entries()) {
    const data: ResourceData = {
      userName: `user ${String(index)}`,
      ...(title !== undefined && { title }),
      ...(index % 3 !== 0 && { active: index % 3 === 1 }),
      emails: [
        { value: `z${String(index)}@a.test` },
        { value: `${String(9 - index)}@b.test`, primary: index % 2 === 0 },
      ],
    }
    const now = new Date(Date.UTC(2026, 0, 1 + ((index * 7) % 5)))
    users.push(await db.write((scope) => createResource(scope, userType, { data, now }, tester)))
  }
  group = await addGroup(
    db,
    'user group',
    users.slice(0, 3).map(({ id }) => id),
  )
})
afterAll(() => db[Symbol.asyncDispose]())

const list = (request: Partial<ListRequest>): ReturnType<typeof listResources> =>
  listResources(db.directory, db.tenant, {
    targets: [{ type: userType }],
    page: { kind: 'index', startIndex: 1, count: 100 },
    ...request,
  })

const idsOf = (resources: readonly StoredResource[]): readonly string[] => resources.map(({ id }) => id)
const allIds = (): readonly string[] => idsOf(users).toSorted()
const sortedBy = (path: string): readonly ListRequest['targets'][number][] => [
  { type: userType, sortBy: resolveAttribute(path, userType)! },
]

/** Every page by position, each of them as small as `count`. */
async function walk(request: Partial<ListRequest>, count: number): Promise<readonly string[]> {
  const ids: string[] = []
  let after: ListPosition | undefined
  do {
    const page = { kind: 'after', count, ...(after !== undefined && { after }) } as const
    const { resources, next } = await list({ ...request, page, isCounted: false })
    ids.push(...idsOf(resources))
    // A cursor travels as text.
    after = next && JSON.parse(JSON.stringify(next))
  } while (after !== undefined)
  return ids
}

test('a list without an order is by id, and counts all', async () => {
  const { total, resources } = await list({})
  expect(total).toBe(10)
  expect(idsOf(resources)).toEqual(allIds())
})

const shown = async (startIndex: number, count: number): Promise<unknown> => {
  const { total, resources } = await list({ page: { kind: 'index', startIndex, count } })
  return [total, idsOf(resources)]
}

test('index paging: no more than asked, the total on every page, nothing beyond the end', async () => {
  expect(await shown(1, 4)).toEqual([10, allIds().slice(0, 4)])
  expect(await shown(9, 4)).toEqual([10, allIds().slice(8)])
  expect(await shown(7, 4)).toEqual([10, allIds().slice(6)])
  expect(await shown(11, 4)).toEqual([10, []])
  expect(await shown(50, 4)).toEqual([10, []])
  expect(await shown(1, 0)).toEqual([10, []])
  expect(await shown(1, 10)).toEqual([10, allIds()])
})

const keys: readonly (readonly [path: string, key: (user: StoredResource, data: ResourceData) => unknown])[] =
  [
    ['title', (_user, data) => (typeof data['title'] === 'string' ? fold(data['title']) : undefined)],
    ['active', (_user, data) => data['active']],
    ['meta.created', (user) => user.created.toISOString()],
    ['userName', (_user, data) => data['userName']],
    ['emails', (_user, data) => primaryEmail(data)],
    ['id', (user) => user.id],
    ['meta.resourceType', () => 'User'],
  ]

function primaryEmail(data: ResourceData): unknown {
  const { emails } = data
  const list = isList(emails) ? emails : []
  const chosen = list.find((email) => propertyOf(email, 'primary') === true) ?? list[0]
  return propertyOf(chosen, 'value')
}

const compareKeys = (left: unknown, right: unknown): number =>
  typeof left === 'boolean' ? Number(left) - Number(right) : compareCodePoints(String(left), String(right))

test.for(keys)(
  'a list sorted by %s is total: missing values at the end that the RFC says, ties by id',
  async ([path, key]) => {
    const keyed = users.map((user) => ({ id: user.id, key: key(user, parseData(user.json)) }))
    for (const isDescending of [false, true]) {
      const sign = isDescending ? -1 : 1
      const expected = keyed
        .toSorted((a, b) => {
          if (a.key === undefined || b.key === undefined) {
            const missing = Number(a.key === undefined) - Number(b.key === undefined)
            return sign * missing || compareCodePoints(a.id, b.id)
          }
          return sign * compareKeys(a.key, b.key) || compareCodePoints(a.id, b.id)
        })
        .map(({ id }) => id)
      const request = { targets: sortedBy(path), isDescending }
      expect(idsOf((await list(request)).resources)).toEqual(expected)
      for (const count of [1, 3, 10]) expect(await walk(request, count)).toEqual(expected)
    }
  },
)

test('a walk by position over a filtered list shows every match once', async () => {
  const filter = parseFilter('emails.value co "@b.test" and userName sw "USER"', userType)
  expect(await walk({ targets: [{ type: userType, filter }] }, 3)).toEqual(allIds())
})

test('a filter that names one resource finds it in any case, with what stands behind it', async () => {
  const filter = parseFilter('userName eq "USER 1" and active eq true', userType)
  const { total, resources } = await list({ targets: [{ type: userType, filter }], groups: true })
  expect(total).toBe(1)
  expect(resources).toMatchObject([
    { id: users[1]?.id, groups: [{ value: group.id, type: 'direct', display: 'user group' }] },
  ])
  const none = parseFilter('userName eq "user"', userType)
  expect(await list({ targets: [{ type: userType, filter: none }] })).toEqual({ total: 0, resources: [] })
})

test('several users with one externalId are all found and counted, also on a page of one', async () => {
  await addUser(db, 'twin 1', { externalId: 'twin' })
  await addUser(db, 'twin 2', { externalId: 'twin' })
  const targets = [{ type: userType, filter: parseFilter('externalId eq "twin"', userType) }]
  const { total, resources } = await list({ targets, page: { kind: 'index', startIndex: 1, count: 1 } })
  expect([total, resources.length]).toEqual([2, 1])
})

test('a list over all types asks each by its own attributes', async () => {
  const found = async (text: string): Promise<unknown> => {
    const targets = resourceTypes.map((type) => ({ type, filter: parseRootFilter(text, type) }))
    const { total, resources } = await list({ targets, members: true })
    return [total, resources.map(({ type, members }) => [type, members?.length])]
  }
  expect(await found('displayName eq "User Group"')).toEqual([1, [['Group', 3]]])
  expect(await found('userName eq "user group" or userName eq "user 2"')).toEqual([1, [['User', 0]]])
  expect(await found('members pr')).toEqual([1, [['Group', 3]]])
  const sorted = resourceTypes.map((type) => ({ type, sortBy: resolveAttribute('displayName', type)! }))
  const { resources } = await list({ targets: sorted })
  expect(resources[0]?.id).toBe(group.id)
})

/** Entra's question, as the number of groups found. */
const isMember = async (member: string): Promise<number | undefined> => {
  const filter = parseFilter(`id eq "${group.id}" and members eq "${member}"`, groupType)
  return (await list({ targets: [{ type: groupType, filter }] })).total
}

test('a filter question about membership is answered for the group that it names', async () => {
  expect([await isMember(users[0]!.id), await isMember(users[5]!.id), await isMember('nobody')]).toEqual([
    1, 0, 0,
  ])
})

test('a list whose signal is aborted ends with its reason', async () => {
  const reason = new Error('the client went away')
  await expect(list({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
