/**
 * Okta: users are always PUT as a whole, read before and echoed with what was read; group push by PUT (apps of the
 * integration wizard) for one half of the groups and by PATCH (catalogue apps) for the other. Users are never deleted.
 */
import { isDeepStrictEqual } from 'node:util'

import { createLinks, find, idOf, memberChanges, quoted } from './identity-provider.ts'
import { inParallel } from './http.ts'

import type { Company, Person, Team } from './company.ts'
import type { Http, JsonObject } from './http.ts'
import type { IdentityProvider, Link, Links, Step } from './identity-provider.ts'

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const parallelUsers = 8
const parallelGroups = 4

interface Provisioning {
  readonly http: Http
  readonly links: Links
}

export const okta = (http: Http): IdentityProvider => {
  const links = createLinks()
  const provisioning = { http, links }
  return {
    name: 'Okta',
    http,
    personId: links.personId,
    teamId: links.teamId,
    async testConnection() {
      const { body } = await http.request('GET', '/Users?startIndex=1&count=2')
      if (body['totalResults'] !== 0) throw new Error(`the new tenant is not empty: ${JSON.stringify(body)}`)
      await http.request('GET', '/Groups?count=100&startIndex=1')
    },
    async cycle(company, step) {
      await inParallel(company.people.values(), parallelUsers, async (person) => {
        await pushPerson(provisioning, person)
        step()
      })
      await inParallel(company.teams.values(), parallelGroups, async (team) => {
        await pushTeam(provisioning, company, team)
        step()
      })
    },
    fullCycle: (company, step) => pushAllAgain(provisioning, company, step),
  }
}

const pushAllAgain = async (provisioning: Provisioning, company: Company, step: Step): Promise<void> => {
  const { http, links } = provisioning
  await inParallel(company.people.values(), parallelUsers, async (person) => {
    const found = await findPerson(http, person)
    const id = links.personId(person.sourceId)
    if (found === undefined || idOf(found) !== id) throw new Error(`${person.userName} is not found again`)
    await putPerson(http, id, person)
    step()
  })
  await inParallel(company.teams.values(), parallelGroups, async (team) => {
    await pushNow(provisioning, company, team)
    step()
  })
}

const findPerson = (http: Http, person: Person) =>
  find(http, '/Users', { filter: `userName eq ${quoted(person.userName)}`, startIndex: '1', count: '100' })

const pushPerson = async ({ http, links }: Provisioning, person: Person): Promise<void> => {
  const link = links.people.get(person.sourceId)
  if (link === undefined) {
    const found = await findPerson(http, person)
    if (found !== undefined) throw new Error(`${person.userName} is there before it was pushed`)
    const body = { ...profileOf(person), groups: [], password: `Passw0rd-${person.sourceId}` }
    const created = await http.request('POST', '/Users', { body, accept: [201] })
    links.people.set(person.sourceId, { id: idOf(created.body), pushed: person })
    return
  }
  if (isDeepStrictEqual(link.pushed, person)) return
  if (isDeepStrictEqual({ ...link.pushed, isActive: person.isActive }, person) && isCatalogueApp(person)) {
    // A catalogue app switches a user off or on by a PATCH without path.
    const Operations = [{ op: 'replace', value: { active: person.isActive } }]
    await http.request('PATCH', `/Users/${link.id}`, { body: { schemas: [patchSchema], Operations } })
  } else {
    await putPerson(http, link.id, person)
  }
  links.people.set(person.sourceId, { id: link.id, pushed: person })
}

/** GET, edit, PUT: id, meta and groups come back as they were read, and empty strings stand for what is unset. */
const putPerson = async (http: Http, id: string, person: Person): Promise<void> => {
  const current = await http.request('GET', `/Users/${id}`)
  await http.request('PUT', `/Users/${id}`, {
    body: { ...current.body, ...profileOf(person) },
    accept: [200],
  })
}

const pushTeam = async (provisioning: Provisioning, company: Company, team: Team): Promise<void> => {
  const { http, links } = provisioning
  const link = links.teams.get(team.sourceId) ?? (await createTeam(http, team))
  const isRenamed = link.pushed.displayName !== team.displayName
  const { added, removed } = memberChanges(link.pushed, team)
  if (isRenamed || added.length > 0 || removed.length > 0) {
    if (isWizardApp(team)) await putTeam(provisioning, company, link.id, team)
    else await patchTeam(provisioning, company, link, team)
  }
  links.teams.set(team.sourceId, { id: link.id, pushed: team })
}

const createTeam = async (http: Http, team: Team): Promise<Link<Team>> => {
  const found = await find(http, '/Groups', { filter: `displayName eq ${quoted(team.displayName)}` })
  if (found !== undefined) throw new Error(`${team.displayName} was there before`)
  const body = { schemas: [groupSchema], displayName: team.displayName, members: [] }
  const created = await http.request('POST', '/Groups', { body, accept: [201] })
  return { id: idOf(created.body), pushed: { ...team, members: [] } }
}

/** The name without a path, then a filter per member that left, then those that came: in one body. */
const patchTeam = async (
  { http, links }: Provisioning,
  company: Company,
  link: Link<Team>,
  team: Team,
): Promise<void> => {
  const { added, removed } = memberChanges(link.pushed, team)
  const Operations: JsonObject[] = [
    { op: 'replace', value: { id: link.id, displayName: team.displayName } },
    ...removed.map((member) => ({
      op: 'remove',
      path: `members[value eq ${quoted(links.personId(member))}]`,
    })),
    ...(added.length === 0 ? [] : [{ op: 'add', path: 'members', value: membersOf(links, company, added) }]),
  ]
  await http.request('PATCH', `/Groups/${link.id}`, { body: { schemas: [patchSchema], Operations } })
}

const putTeam = async (
  { http, links }: Provisioning,
  company: Company,
  id: string,
  team: Team,
): Promise<void> => {
  const members = membersOf(links, company, team.members)
  const body = { schemas: [groupSchema], id, displayName: team.displayName, members }
  await http.request('PUT', `/Groups/${id}`, { body, accept: [200] })
}

/** The button "Push now": the whole list of members, whatever was pushed before. */
const pushNow = async (provisioning: Provisioning, company: Company, team: Team): Promise<void> => {
  const { http, links } = provisioning
  const id = links.teamId(team.sourceId)
  if (isWizardApp(team)) return putTeam(provisioning, company, id, team)
  const members = membersOf(links, company, team.members)
  const Operations = [
    { op: 'replace', value: { id, displayName: team.displayName } },
    { op: 'replace', path: 'members', value: members },
  ]
  await http.request('PATCH', `/Groups/${id}`, { body: { schemas: [patchSchema], Operations } })
}

const membersOf = (links: Links, company: Company, members: readonly string[]): JsonObject[] =>
  members.map((sourceId) => ({
    value: links.personId(sourceId),
    display: company.people.get(sourceId)?.userName ?? '',
  }))

/** Which half of the groups belongs to which kind of app; by the id, since a name may change. */
const isWizardApp = (team: Team): boolean => team.sourceId.charCodeAt(team.sourceId.length - 1) % 2 === 0

const isCatalogueApp = (person: Person): boolean => Number(person.employeeNumber) % 2 === 0

const profileOf = (person: Person): JsonObject => ({
  schemas: [userSchema, enterpriseSchema],
  userName: person.userName,
  externalId: person.sourceId,
  name: {
    givenName: person.givenName,
    familyName: person.familyName,
    ...(person.formattedName === undefined ? {} : { formatted: person.formattedName }),
  },
  displayName: person.displayName ?? '',
  title: person.title,
  emails: person.emails.map((email) => ({ ...email })),
  phoneNumbers: person.phone === undefined ? [] : [{ type: 'mobile', value: person.phone }],
  locale: 'en-US',
  nickName: '',
  active: person.isActive,
  [enterpriseSchema]: { department: person.department, employeeNumber: person.employeeNumber },
})
