/** What an identity provider holds: people and groups. The truth that the product's content is compared with. */

export interface Email {
  readonly type: 'work' | 'home'
  readonly value: string
  readonly primary: boolean
}

export interface Person {
  /** The identity provider's own id, pushed as externalId. */
  readonly sourceId: string
  readonly userName: string
  readonly givenName: string
  readonly familyName: string
  /** Some directories leave it empty; the product then shows another name. */
  readonly displayName: string | undefined
  readonly formattedName: string | undefined
  readonly emails: readonly Email[]
  readonly title: string
  readonly department: string
  readonly employeeNumber: string
  readonly phone: string | undefined
  readonly isActive: boolean
  /** Source id of another person of the company. */
  readonly manager: string | undefined
}

export interface Team {
  readonly sourceId: string
  readonly displayName: string
  /** Source ids of people. */
  readonly members: readonly string[]
}

export interface Company {
  readonly domain: string
  readonly people: ReadonlyMap<string, Person>
  readonly teams: ReadonlyMap<string, Team>
}

/** The same company with one person changed. */
export const withPerson = (company: Company, sourceId: string, change: Partial<Person>): Company => {
  const person = company.people.get(sourceId)
  if (person === undefined) throw new Error(`nobody has the id ${sourceId}`)
  return { ...company, people: new Map(company.people).set(sourceId, { ...person, ...change }) }
}

/** The same company with one group changed. */
export const withTeam = (company: Company, sourceId: string, change: Partial<Team>): Company => {
  const team = company.teams.get(sourceId)
  if (team === undefined) throw new Error(`no group has the id ${sourceId}`)
  return { ...company, teams: new Map(company.teams).set(sourceId, { ...team, ...change }) }
}

/** The same company without a person: out of every group, nobody's manager any more. */
export const withoutPerson = (company: Company, sourceId: string): Company => ({
  ...company,
  people: new Map(
    [...company.people]
      .filter(([id]) => id !== sourceId)
      .map(([id, person]) => [id, person.manager === sourceId ? { ...person, manager: undefined } : person]),
  ),
  teams: new Map(
    [...company.teams].map(([id, team]) => [
      id,
      { ...team, members: team.members.filter((member) => member !== sourceId) },
    ]),
  ),
})

/** The group of this name; the cast is fixed, so it is there. */
export const teamNamed = (company: Company, displayName: string): Team => {
  const team = company.teams.values().find((candidate) => candidate.displayName === displayName)
  if (team === undefined) throw new Error(`no group is called ${displayName}`)
  return team
}
