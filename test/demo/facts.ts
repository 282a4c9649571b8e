/** The same facts about users, groups and assignments from both sides: what the company says, and what the product returned. */
import { isObject, objects } from './http.ts'
import { expectedAssignments, productName, teamsOf } from './model.ts'

import type { Company, Person, Team } from './company.ts'
import type { Json, JsonObject } from './http.ts'
import type { IdentityProvider } from './identity-provider.ts'
import type { Policy } from './policies.ts'

/** By id, or by value for assignments. */
export type Facts = ReadonlyMap<string, Json>

export interface Expectation {
  readonly users: Facts
  readonly groups: Facts
  readonly productUsers: Facts
  readonly productGroups: Facts
  readonly assignments: Facts
  /** user -> what it holds, for those about whom an explanation is asked. */
  readonly explanations: Facts
}

interface Side {
  readonly provider: IdentityProvider
  readonly policy: Policy
}

const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** The company in the product's terms: ids, names and shapes as they must come back. */
export const expectation = ({ provider, policy }: Side, company: Company): Expectation => {
  const people = [...company.people.values()]
  const teams = [...company.teams.values()]
  const membersOf = (team: Team): string[] => sorted(team.members.map((member) => provider.personId(member)))
  const holders = expectedAssignments(company, policy)
  const keepsExternalId = provider.name === 'Entra ID'
  return {
    users: new Map(
      people.map((person) => [provider.personId(person.sourceId), personFacts(provider, company, person)]),
    ),
    groups: new Map(
      teams.map((team) => [
        provider.teamId(team.sourceId),
        {
          displayName: team.displayName,
          externalId: keepsExternalId ? team.sourceId : null,
          members: membersOf(team),
        },
      ]),
    ),
    productUsers: new Map(
      people.map((person) => [
        provider.personId(person.sourceId),
        {
          userName: person.userName,
          displayName: productName(person),
          email: person.emails[0]?.value ?? null,
          title: person.title,
          department: person.department,
          active: person.isActive,
          archived: !person.isActive,
          incomplete: false,
          externalId: person.sourceId,
        },
      ]),
    ),
    productGroups: new Map(
      teams.map((team) => [
        provider.teamId(team.sourceId),
        { displayName: team.displayName, externalId: keepsExternalId ? team.sourceId : null },
      ]),
    ),
    explanations: new Map(
      samplePeople(company).map((person) => {
        const values = sorted(
          [...holders].filter(([, ids]) => ids.has(person.sourceId)).map(([value]) => value),
        )
        return [provider.personId(person.sourceId), { held: values, decided: values }]
      }),
    ),
    assignments: new Map(
      [...holders].map(([value, ids]) => [
        value,
        sorted([...ids].map((sourceId) => provider.personId(sourceId))),
      ]),
    ),
  }
}

const personFacts = (provider: IdentityProvider, company: Company, person: Person): JsonObject => ({
  userName: person.userName,
  externalId: person.sourceId,
  displayName: person.displayName ?? null,
  name: [person.givenName, person.familyName, person.formattedName ?? null],
  title: person.title,
  active: person.isActive,
  emails: person.emails.map(({ type, value, primary }) => ({ type, value, primary })),
  phone: person.phone ?? null,
  department: person.department,
  employeeNumber: person.employeeNumber,
  manager: person.manager === undefined ? null : provider.personId(person.manager),
  groups: sorted(teamsOf(company, person.sourceId).map((team) => provider.teamId(team))),
})

export const scimUserFacts = (user: JsonObject): Json => {
  const name = object(user['name'])
  const enterprise = object(user[enterpriseSchema])
  return {
    userName: user['userName'] ?? null,
    externalId: user['externalId'] ?? null,
    displayName: user['displayName'] ?? null,
    name: [name['givenName'] ?? null, name['familyName'] ?? null, name['formatted'] ?? null],
    title: user['title'] ?? null,
    active: user['active'] ?? null,
    emails: list(user['emails']).map(({ type, value, primary }) => ({
      type: type ?? null,
      value: value ?? null,
      primary: primary ?? false,
    })),
    phone: list(user['phoneNumbers'])[0]?.['value'] ?? null,
    department: enterprise['department'] ?? null,
    employeeNumber: enterprise['employeeNumber'] ?? null,
    manager: object(enterprise['manager'])['value'] ?? null,
    groups: sorted(list(user['groups']).map((group) => text(group['value']))),
  }
}

export const scimGroupFacts = (group: JsonObject): Json => ({
  displayName: group['displayName'] ?? null,
  externalId: group['externalId'] ?? null,
  members: sorted(list(group['members']).map((member) => text(member['value']))),
})

export const productUserFacts = (user: JsonObject): Json => ({
  userName: user['userName'] ?? null,
  displayName: user['displayName'] ?? null,
  email: user['email'] ?? null,
  title: user['title'] ?? null,
  department: user['department'] ?? null,
  active: user['active'] ?? null,
  archived: user['archived'] ?? null,
  incomplete: user['incomplete'] ?? null,
  externalId: user['externalId'] ?? null,
})

export const productGroupFacts = (group: JsonObject): Json => ({
  displayName: group['displayName'] ?? null,
  externalId: group['externalId'] ?? null,
})

/** What an answer of /v1/explain says about the one policy that was asked about. */
export const explanationFacts = (explanation: JsonObject): Json => {
  const policy = object(list(explanation['policies'])[0])
  const values = (assignments: Json | undefined): string[] =>
    sorted(list(assignments).map((assignment) => text(assignment['value'])))
  return { held: values(policy['held']), decided: values(policy['decided']) }
}

/** Every twentieth: an explanation is a question about one user, not a list. */
export const samplePeople = (company: Company): readonly Person[] =>
  [...company.people.values()].filter((_person, index) => index % 20 === 0)

export const byId = (resources: readonly JsonObject[], facts: (resource: JsonObject) => Json): Facts =>
  new Map(resources.map((resource) => [text(resource['id']), facts(resource)]))

export const holdersByValue = (assignments: readonly JsonObject[]): Facts => {
  const grouped = Map.groupBy(assignments, (assignment) => text(assignment['value']))
  return new Map([...grouped].map(([value, rows]) => [value, sorted(rows.map((row) => text(row['user'])))]))
}

/** A value that must be text. */
export const text = (value: Json | undefined): string => {
  if (typeof value !== 'string') throw new Error(`not a text: ${JSON.stringify(value)}`)
  return value
}

export const list = (value: Json | undefined): readonly JsonObject[] =>
  value === undefined ? [] : objects(value)

export const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

const sorted = (texts: readonly string[]): string[] => texts.toSorted()
