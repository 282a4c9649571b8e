/** Compares what the product returns with what the company says: over SCIM, and over the Directory API. */
import { isDeepStrictEqual } from 'node:util'

import {
  byId,
  explanationFacts,
  expectation,
  holdersByValue,
  list,
  object,
  productGroupFacts,
  productUserFacts,
  samplePeople,
  scimGroupFacts,
  scimUserFacts,
  text,
} from './facts.ts'
import { objects } from './http.ts'

import type { Company } from './company.ts'
import type { Facts } from './facts.ts'
import type { Http, Json, JsonObject } from './http.ts'
import type { IdentityProvider } from './identity-provider.ts'
import type { Policy } from './policies.ts'

/** One tenant with everything that is needed to ask about it. */
export interface Tenant {
  readonly provider: IdentityProvider
  readonly policy: Policy
  /** The Directory API with this tenant's reader token. */
  readonly directory: Http
}

/** What was found in one tenant. */
export interface Findings {
  readonly users: number
  readonly inactiveUsers: number
  readonly groups: number
  readonly members: number
  /** value -> users who hold it. */
  readonly assignments: ReadonlyMap<string, number>
  /** Each says what was expected and what is there. */
  readonly differences: readonly string[]
  /** `kind id` -> version and time of the last change: what a cycle without changes must not move. */
  readonly versions: ReadonlyMap<string, string>
  /** Every assignment as the Directory API returns it. */
  readonly assignmentRows: ReadonlySet<string>
}

/** Reads the whole tenant, page by page, on every surface that shows it. */
export const inspect = async (tenant: Tenant, company: Company): Promise<Findings> => {
  const [users, groups, productUsers, productGroups, assignments, explanations] = await Promise.all([
    listScim(tenant.provider.http, '/Users'),
    listScim(tenant.provider.http, '/Groups'),
    listDirectory(tenant.directory, '/v1/users'),
    listDirectory(tenant.directory, '/v1/groups'),
    listDirectory(tenant.directory, `/v1/assignments?policy=${encodeURIComponent(tenant.policy.name)}`),
    explainSample(tenant, company),
  ])
  const expected = expectation(tenant, company)
  return {
    users: users.length,
    inactiveUsers: users.filter((user) => user['active'] === false).length,
    groups: groups.length,
    members: groups.reduce((sum, group) => sum + list(group['members']).length, 0),
    assignments: countByValue(assignments),
    differences: [
      ...compare('user', expected.users, byId(users, scimUserFacts)),
      ...compare('group', expected.groups, byId(groups, scimGroupFacts)),
      ...compare('user of the Directory API', expected.productUsers, byId(productUsers, productUserFacts)),
      ...compare(
        'group of the Directory API',
        expected.productGroups,
        byId(productGroups, productGroupFacts),
      ),
      ...compare('explanation of', expected.explanations, explanations),
      ...compare('assignments', expected.assignments, holdersByValue(assignments)),
    ],
    versions: new Map([...users, ...groups].map((resource) => [text(resource['id']), versionOf(resource)])),
    assignmentRows: new Set(assignments.map((assignment) => JSON.stringify(assignment))),
  }
}

/** Lost, unexpected and wrong ones, each in a sentence. */
const compare = (kind: string, expected: Facts, actual: Facts): string[] => {
  const keys = new Set([...expected.keys(), ...actual.keys()])
  return [...keys].flatMap((key) => {
    const [wanted, found] = [expected.get(key), actual.get(key)]
    if (isDeepStrictEqual(wanted, found)) return []
    return [`${kind} ${key}\n  expected ${JSON.stringify(wanted)}\n  found    ${JSON.stringify(found)}`]
  })
}

/** Every page of a SCIM list, as an import does it; fails when a resource comes twice. */
const listScim = async (http: Http, endpoint: string): Promise<JsonObject[]> => {
  const found = new Map<string, JsonObject>()
  for (let startIndex = 1; ; startIndex += 100) {
    const { body } = await http.request('GET', `${endpoint}?startIndex=${startIndex}&count=100`)
    for (const resource of objects(body['Resources'])) found.set(text(resource['id']), resource)
    if (startIndex + 100 > Number(body['totalResults'])) {
      if (found.size !== body['totalResults']) {
        throw new Error(`${endpoint} says ${JSON.stringify(body['totalResults'])} and lists ${found.size}`)
      }
      return [...found.values()]
    }
  }
}

const explainSample = async ({ provider, policy, directory }: Tenant, company: Company): Promise<Facts> => {
  const asked = samplePeople(company).map(async ({ sourceId }): Promise<[string, Json]> => {
    const user = provider.personId(sourceId)
    const { body } = await directory.request('GET', `/v1/explain?user=${user}&policy=${policy.name}`)
    return [user, explanationFacts(body)]
  })
  return new Map(await Promise.all(asked))
}

/** Every page of a list of the Directory API. */
const listDirectory = async (http: Http, path: string): Promise<JsonObject[]> => {
  const items: JsonObject[] = []
  for (let cursor = ''; ;) {
    const mark = path.includes('?') ? '&' : '?'
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { body } = await http.request('GET', `${path}${mark}limit=200${query}`)
    items.push(...objects(body['items']))
    if (typeof body['next'] !== 'string') return items
    cursor = body['next']
  }
}

/** Most users first. */
const countByValue = (assignments: readonly JsonObject[]): ReadonlyMap<string, number> => {
  const grouped = Map.groupBy(assignments, (assignment) => text(assignment['value']))
  return new Map(
    [...grouped].map(([value, rows]): [string, number] => [value, rows.length]).toSorted(byCount),
  )
}

const versionOf = (resource: JsonObject): string => {
  const meta = object(resource['meta'])
  return `${text(meta['version'])}, last modified ${text(meta['lastModified'])}`
}

const byCount = ([, a]: readonly [string, number], [, b]: readonly [string, number]): number => b - a
