import { randomInt } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createResource } from '#directory/create-resource.ts'
import { filterToSql } from '#directory/filter-to-sql.ts'
import { newParameters } from '#directory/parameters.ts'
import { readResource } from '#directory/read-resource.ts'
import { ScimError } from '#scim/errors.ts'
import type { Filter, FilterValue } from '#scim/filter/ast.ts'
import { matches, type FilterSubject } from '#scim/filter/matches.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import { printFilter } from '#scim/filter/print.ts'
import { parseData } from '#scim/project.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { openTestDirectory, tester, type TestDirectory } from '#test/kit/open-directory.ts'
import {
  arbitraryDate,
  arbitraryFilter,
  arbitraryGroupData,
  arbitraryUserData,
  filtersOfEach,
} from '#test/kit/scim-arbitraries.ts'

let db: TestDirectory
const seed = randomInt(2 ** 31)
const subjects = new Map<ResourceType, readonly FilterSubject[]>()

beforeAll(async () => {
  db = await openTestDirectory()
  const users = await population(userType, 45, [])
  const groups = await population(groupType, 25, users)
  subjects.set(userType, await Promise.all(users.map((id) => subjectOf(userType, id))))
  subjects.set(groupType, await Promise.all(groups.map((id) => subjectOf(groupType, id))))
})
afterAll(() => db[Symbol.asyncDispose]())

/** Random resources; of two with the same unique attribute the first one stays. */
async function population(type: ResourceType, size: number, members: readonly string[]): Promise<string[]> {
  const resource = fc.record({
    data: type === userType ? arbitraryUserData() : arbitraryGroupData(),
    now: arbitraryDate(),
    members: fc.subarray([...members], { maxLength: Math.min(4, members.length) }),
  })
  const ids: string[] = []
  for (const { data, now, members } of fc.sample(resource, { numRuns: size, seed })) {
    try {
      // Groups hold groups, too.
      const pushed = members.length === 1 ? [] : [...members, ...ids.slice(-1)]
      const wanted = type === groupType ? { data, now, members: pushed } : { data, now }
      ids.push((await db.write((scope) => createResource(scope, type, wanted, tester))).id)
    } catch (error) {
      if (!(error instanceof ScimError && error.scimType === 'uniqueness')) throw error
    }
  }
  return ids
}

async function subjectOf(type: ResourceType, id: string): Promise<FilterSubject> {
  const wanted = { type, id, members: type === groupType, groups: type === userType }
  const stored = await readResource(db.directory, db.tenant, wanted)
  if (stored === undefined) throw new Error(`${id} is gone`)
  return { ...stored, data: parseData(stored.json) }
}

async function found(filter: Filter, type: ResourceType): Promise<readonly string[]> {
  const { values, bind } = newParameters(db.tenant, type.name)
  const condition = filterToSql(filter, { type, resource: 'resource', tenant: '$1', bind })
  const text = `select id from resource where tenant_id = $1 and type = $2 and (${condition}) order by id`
  const rows = await db.write((scope) => scope.query<{ id: string }>({ text, values }))
  return rows.map(({ id }) => id)
}

const expected = (filter: Filter, type: ResourceType): readonly string[] =>
  (subjects.get(type) ?? [])
    .filter((subject) => matches(filter, subject))
    .map(({ id }) => id)
    .toSorted()

/** The same filter with ids that exist in place of those that the generator makes up. */
function withRealIds(filter: Filter, ids: readonly string[]): Filter {
  const real = (value: FilterValue): FilterValue => {
    const index = ['m1', 'm2', 'M1'].indexOf(String(value))
    return index === -1 ? value : (ids[index] ?? value)
  }
  switch (filter.kind) {
    case 'comparison': {
      if (filter.target.attribute.name === 'id')
        return { ...filter, value: ids.toSorted()[0] === ids[0] ? filter.value : (ids[0] ?? null) }
      return { ...filter, value: real(filter.value) }
    }
    case 'not':
      return { ...filter, filter: withRealIds(filter.filter, ids) }
    case 'element':
      return { ...filter, filter: withRealIds(filter.filter, ids) }
    case 'and':
    case 'or':
      return { ...filter, filters: filter.filters.map((one) => withRealIds(one, ids)) }
    case 'presence':
    case 'constant':
      return filter
  }
}

for (const type of [userType, groupType]) {
  test(
    `every filter on a ${type.name} finds in Postgres what the naive matcher finds`,
    { timeout: 120_000 },
    async () => {
      const ids = [...subjects.values()].flat().map(({ id }) => id)
      const filters = fc
        .tuple(arbitraryFilter(type, 2), fc.shuffledSubarray(ids, { minLength: 3, maxLength: 3 }))
        .map(([filter, some]) => withRealIds(filter, some))
      const property = fc.asyncProperty(filters, async (filter) => {
        expect(await found(filter, type), `population ${String(seed)}: ${printFilter(filter)}`).toEqual(
          expected(filter, type),
        )
      })
      await fc.assert(property, { numRuns: 400 })
    },
  )

  test(
    `each advertised attribute of a ${type.name} is filtered by Postgres as by the naive matcher`,
    { timeout: 120_000 },
    async () => {
      const ids = [...subjects.values()].flat().map(({ id }) => id)
      for (const made of filtersOfEach(type, seed)) {
        const filter = withRealIds(made, ids)
        expect(await found(filter, type), `population ${String(seed)}: ${printFilter(filter)}`).toEqual(
          expected(filter, type),
        )
      }
    },
  )
}

const filters = [
  'userName sw "" and not (title pr)',
  'userName co "%" or userName co "_" or userName sw "a_"',
  'displayName ew "\\\\slash" or displayName co "straße" or displayName co "istanbul"',
  'emails[type eq "WORK"].value co "ann"',
  'emails[type eq "work" and value sw "a" and primary eq true]',
  'emails.value ne "anna" and emails.type ne "work"',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "anna"',
  'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
  'meta.lastModified ge "2026-01-01T01:00:01+01:00"',
  'meta.version eq "W/\\"1\\"" and active ne true',
]
test.for(filters)('the filter %s means the same in SQL', async (text) => {
  const filter = parseFilter(text, userType)
  expect(await found(filter, userType)).toEqual(expected(filter, userType))
})
