/** What the product must hold for a company, computed from the company alone. */
import type { Company, Person } from './company.ts'
import type { Policy } from './policies.ts'

/** `value -> source ids`, one rule book applied to one company. */
export const expectedAssignments = (
  company: Company,
  policy: Policy,
): ReadonlyMap<string, ReadonlySet<string>> => {
  const holders = new Map<string, Set<string>>()
  const idsByName = new Map(
    [...policy.founding.teams.values()].map((team) => [team.displayName, team.sourceId]),
  )
  // Names in a policy do not care about case.
  const membersOf = (name: string): readonly string[] => {
    const sourceId = idsByName.get(name)
    if (sourceId === undefined) throw new Error(`no group was called ${name}`)
    return company.teams.get(sourceId)?.members ?? []
  }
  for (const person of company.people.values()) {
    for (const value of valuesOf(person, policy, (team) => membersOf(team).includes(person.sourceId))) {
      holders.set(value, (holders.get(value) ?? new Set()).add(person.sourceId))
    }
  }
  return holders
}

const valuesOf = (person: Person, policy: Policy, isIn: (team: string) => boolean): readonly string[] => {
  if (!person.isActive) return []
  const matching = policy.rules.filter((rule) => rule.holds(person, isIn))
  if (policy.cardinality === 'Many') return matching.flatMap((rule) => rule.assign)
  return matching[0]?.assign ?? (policy.default === undefined ? [] : [policy.default])
}

/** The name and the e-mail by which the product knows a person: the display name or what stands in for it, the first address. */
export const productName = (person: Person): string =>
  person.displayName ?? person.formattedName ?? `${person.givenName} ${person.familyName}`

/** Names of the groups that a person is in. */
export const teamsOf = (company: Company, sourceId: string): string[] =>
  [...company.teams.values()].filter(({ members }) => members.includes(sourceId)).map((team) => team.sourceId)
