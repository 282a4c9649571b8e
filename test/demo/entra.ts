/**
 * Microsoft Entra ID: matches by filter, POSTs users without their groups, PATCHes one operation per attribute with
 * capital `op`s and booleans as strings, and names the members to remove in the value. Every eighth user is pushed in
 * the dialect of the flag `aadOptscim062020`, which reaches the same tenant when a customer switches.
 */
import { isDeepStrictEqual } from 'node:util'

import { chunks, createLinks, find, idOf, memberChanges, quoted } from './identity-provider.ts'
import { inParallel } from './http.ts'

import type { Company, Person, Team } from './company.ts'
import type { Http, JsonObject } from './http.ts'
import type { IdentityProvider, Links, Step } from './identity-provider.ts'

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const parallelUsers = 8
const parallelMemberPatches = 4
/** "Several members per PATCH": Entra batches what belongs to one group. */
const membersPerPatch = 10

interface Provisioning {
  readonly http: Http
  readonly links: Links
}

export const entra = (http: Http): IdentityProvider => {
  const links = createLinks()
  const provisioning = { http, links }
  return {
    name: 'Entra ID',
    http,
    personId: links.personId,
    teamId: links.teamId,
    async testConnection() {
      const filter = `userName eq ${quoted('7c3f7d5e-0000-4000-a000-4f2d8f6b1c11')}`
      if ((await find(http, '/Users', { filter })) !== undefined) throw new Error('a random name was found')
    },
    async cycle(company, step) {
      await inParallel(company.people.values(), parallelUsers, async (person) => {
        await pushPerson(provisioning, person)
        step()
      })
      // References follow once everybody is there.
      const references = company.people.values().filter(({ manager }) => manager !== undefined)
      await inParallel(references, parallelUsers, (person) => pushPerson(provisioning, person))
      const gone = [...links.people.keys()].filter((sourceId) => !company.people.has(sourceId))
      await inParallel(gone, parallelUsers, (sourceId) => deletePerson(provisioning, sourceId))
      // One group after the other, as the service does, but several PATCHes of one group at a time.
      for (const team of company.teams.values()) await pushTeam(provisioning, company, team, step)
    },
    async fullCycle(company, step) {
      await inParallel(company.people.values(), parallelUsers, async (person) => {
        await pushPersonAgain(provisioning, person)
        step()
      })
      for (const team of company.teams.values()) await pushTeamAgain(provisioning, team, step)
    },
  }
}

const pushPerson = async ({ http, links }: Provisioning, person: Person): Promise<void> => {
  const link = links.people.get(person.sourceId)
  if (link === undefined) {
    const filter = `userName eq ${quoted(person.userName)}`
    const found = await find(http, '/Users', { filter })
    if (found !== undefined) throw new Error(`${person.userName} is there before it was pushed`)
    const { body } = await http.request('POST', '/Users', { body: userBody(person), accept: [201] })
    links.people.set(person.sourceId, { id: idOf(body), pushed: { ...person, manager: undefined } })
    return
  }
  const changes = changedAttributes(link.pushed, person)
  const operations = attributeOperations(links, person, changes)
  if (operations.length > 0) await patch(http, `/Users/${link.id}`, operations)
  links.people.set(person.sourceId, { id: link.id, pushed: person })
}

/** After a restart every user is matched and written again, attribute by attribute. */
const pushPersonAgain = async ({ http, links }: Provisioning, person: Person): Promise<void> => {
  const found = await find(http, '/Users', { filter: `userName eq ${quoted(person.userName)}` })
  const id = links.personId(person.sourceId)
  if (found === undefined || idOf(found) !== id) throw new Error(`${person.userName} is not found again`)
  await patch(http, `/Users/${id}`, attributeOperations(links, person, attributeNames))
}

const deletePerson = async ({ http, links }: Provisioning, sourceId: string): Promise<void> => {
  await http.request('DELETE', `/Users/${links.personId(sourceId)}`, { accept: [204] })
  links.people.delete(sourceId)
}

const pushTeam = async (
  provisioning: Provisioning,
  company: Company,
  team: Team,
  step: Step,
): Promise<void> => {
  const { http, links } = provisioning
  const link = links.teams.get(team.sourceId) ?? (await createTeam(http, team))
  const path = `/Groups/${link.id}`
  if (link.pushed.displayName !== team.displayName) {
    await patch(http, path, [{ op: 'Replace', path: 'displayName', value: team.displayName }])
  }
  const { added, removed } = memberChanges(link.pushed, team)
  // A user deleted for good is no longer known by an id, and left its groups by itself.
  const leaving = removed.filter((sourceId) => company.people.has(sourceId))
  const operations = [...memberOperations(links, 'Add', added), ...memberOperations(links, 'Remove', leaving)]
  await inParallel(operations, parallelMemberPatches, (operation) => patch(http, path, [operation]))
  links.teams.set(team.sourceId, { id: link.id, pushed: team })
  step()
}

const pushTeamAgain = async ({ http, links }: Provisioning, team: Team, step: Step): Promise<void> => {
  const found = await findTeam(http, team)
  const id = links.teamId(team.sourceId)
  if (found === undefined || idOf(found) !== id)
    throw new Error(`the group ${team.displayName} is not found again`)
  const names = [
    { op: 'Replace', path: 'displayName', value: team.displayName },
    { op: 'Replace', path: 'externalId', value: team.sourceId },
  ]
  await patch(http, `/Groups/${id}`, names)
  await inParallel(memberOperations(links, 'Add', team.members), parallelMemberPatches, (operation) =>
    patch(http, `/Groups/${id}`, [operation]),
  )
  step()
}

const findTeam = (http: Http, team: Team) =>
  find(http, '/Groups', {
    excludedAttributes: 'members',
    filter: `displayName eq ${quoted(team.displayName)}`,
  })

const createTeam = async (http: Http, team: Team) => {
  if ((await findTeam(http, team)) !== undefined) throw new Error(`${team.displayName} was there before`)
  const body = {
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:Group',
      'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
    ],
    externalId: team.sourceId,
    displayName: team.displayName,
    meta: { resourceType: 'Group' },
  }
  const created = await http.request('POST', '/Groups', { body, accept: [201] })
  return { id: idOf(created.body), pushed: { ...team, members: [] } }
}

const memberOperations = (links: Links, op: 'Add' | 'Remove', members: readonly string[]): JsonObject[] =>
  chunks(members, membersPerPatch).map((chunk) => ({
    op,
    path: 'members',
    value: chunk.map((sourceId) => ({ $ref: null, value: links.personId(sourceId) })),
  }))

const patch = async (http: Http, path: string, operations: readonly JsonObject[]): Promise<void> => {
  const { status } = await http.request('PATCH', path, {
    body: { schemas: [patchSchema], Operations: operations },
  })
  // The integration says EntraID, whose default is an empty answer.
  if (status !== 204) throw new Error(`PATCH ${path} was answered ${status}, not 204`)
}

/** The attribute mappings of the enterprise application: ours -> path in SCIM. */
const pathOf = {
  userName: 'userName',
  isActive: 'active',
  displayName: 'displayName',
  title: 'title',
  givenName: 'name.givenName',
  familyName: 'name.familyName',
  formattedName: 'name.formatted',
  emails: 'emails[type eq "work"].value',
  phone: 'phoneNumbers[type eq "work"].value',
  department: `${enterpriseSchema}:department`,
  employeeNumber: `${enterpriseSchema}:employeeNumber`,
  manager: `${enterpriseSchema}:manager`,
  sourceId: 'externalId',
} as const satisfies Partial<Record<keyof Person, string>>

type AttributeName = keyof typeof pathOf

const attributeNames = Object.keys(pathOf).filter((name): name is AttributeName => name in pathOf)

const changedAttributes = (before: Person, after: Person): AttributeName[] =>
  attributeNames.filter((name) => !isDeepStrictEqual(before[name], after[name]))

const attributeOperations = (
  links: Links,
  person: Person,
  names: readonly AttributeName[],
): readonly JsonObject[] => {
  const values = names.map((name) => ({ name, value: mappedValue(links, person, name) }))
  const isFlagged = Number(person.employeeNumber) % 8 === 0
  return isFlagged
    ? flaggedOperations(values)
    : values.map(({ name, value }) => classicOperation(name, value))
}

const mappedValue = (links: Links, person: Person, name: AttributeName): string | boolean | undefined => {
  if (name === 'emails') return workEmailOf(person)
  if (name === 'manager') return person.manager === undefined ? undefined : links.personId(person.manager)
  return person[name]
}

/** Capitals, booleans as strings, `Add` also where `Replace` is meant. */
const classicOperation = (name: AttributeName, value: string | boolean | undefined): JsonObject => {
  const path = pathOf[name]
  if (value === undefined)
    return name === 'manager' ? { op: 'Replace', path, value: '' } : { op: 'Remove', path }
  if (name === 'manager' || name === 'phone') return { op: 'Add', path, value }
  return { op: 'Replace', path, value: typeof value === 'boolean' ? (value ? 'True' : 'False') : value }
}

/** The flag: lower case, real booleans, one replace without path whose keys are paths. */
const flaggedOperations = (
  values: readonly { readonly name: AttributeName; readonly value: string | boolean | undefined }[],
): JsonObject[] => {
  const given = values.filter(({ value }) => value !== undefined)
  const missing = values.filter(({ value }) => value === undefined)
  const value = Object.fromEntries(given.map(({ name, value }) => [pathOf[name], value ?? '']))
  return [
    ...(given.length === 0 ? [] : [{ op: 'replace', value }]),
    ...missing.map(({ name }) => ({ op: 'remove', path: pathOf[name] })),
  ]
}

const workEmailOf = (person: Person): string | undefined =>
  person.emails.find(({ type }) => type === 'work')?.value

const userBody = (person: Person): JsonObject => ({
  schemas: [userSchema, enterpriseSchema],
  externalId: person.sourceId,
  userName: person.userName,
  active: person.isActive,
  displayName: person.displayName ?? null,
  title: person.title,
  emails: person.emails.map((email) => ({ ...email })),
  phoneNumbers: person.phone === undefined ? null : [{ type: 'work', value: person.phone }],
  meta: { resourceType: 'User' },
  name: {
    formatted: person.formattedName ?? null,
    familyName: person.familyName,
    givenName: person.givenName,
  },
  roles: [],
  [enterpriseSchema]: { department: person.department, employeeNumber: person.employeeNumber },
})
