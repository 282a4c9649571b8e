/** What both identity providers have in common: they remember which of theirs is which of ours, and what was pushed. */
import { objects } from './http.ts'

import type { Company, Person, Team } from './company.ts'
import type { Http, JsonObject } from './http.ts'

export interface Link<T> {
  /** The id that the product gave. */
  readonly id: string
  /** What was pushed last. */
  readonly pushed: T
}

export interface IdentityProvider {
  readonly name: string
  readonly http: Http
  /** The "test connection" button. */
  testConnection(): Promise<void>
  /** Pushes the differences between the company and what was pushed before. */
  cycle(company: Company, step: Step): Promise<void>
  /** Pushes everything again, as after a restart of the provisioning. */
  fullCycle(company: Company, step: Step): Promise<void>
  /** Source id -> id in the product. */
  personId(sourceId: string): string
  teamId(sourceId: string): string
}

/** Called after each resource, for the progress line. */
export type Step = () => void

/** The links of one provider; the only state it has. */
export const createLinks = () => {
  const people = new Map<string, Link<Person>>()
  const teams = new Map<string, Link<Team>>()
  const idIn = <T>(links: ReadonlyMap<string, Link<T>>, sourceId: string): string => {
    const link = links.get(sourceId)
    if (link === undefined) throw new Error(`${sourceId} was never pushed`)
    return link.id
  }
  return {
    people,
    teams,
    personId: (sourceId: string) => idIn(people, sourceId),
    teamId: (sourceId: string) => idIn(teams, sourceId),
  }
}

export type Links = ReturnType<typeof createLinks>

/** The id in a created or found resource. */
export const idOf = (resource: JsonObject): string => {
  if (typeof resource['id'] !== 'string')
    throw new Error(`a resource without id: ${JSON.stringify(resource)}`)
  return resource['id']
}

/** Asks for a filter; the one resource found, or nothing. */
export const find = async (http: Http, endpoint: string, query: Readonly<Record<string, string>>) => {
  const { body } = await http.request('GET', `${endpoint}?${new URLSearchParams(query).toString()}`)
  const resources = objects(body['Resources'])
  if (body['totalResults'] !== resources.length) throw new Error(`a wrong total: ${JSON.stringify(body)}`)
  if (resources.length > 1) throw new Error(`${resources.length} resources match ${query['filter']}`)
  return resources[0]
}

/** A string in a filter is a JSON string. */
export const quoted = (text: string): string => JSON.stringify(text)

/** Members that came and went between two states of a group. */
export const memberChanges = (before: Team, after: Team) => ({
  added: after.members.filter((member) => !before.members.includes(member)),
  removed: before.members.filter((member) => !after.members.includes(member)),
})

export const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
