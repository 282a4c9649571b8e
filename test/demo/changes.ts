/** What happens in the companies between two cycles. */
import { teamNamed, withPerson, withTeam, withoutPerson } from './company.ts'
import { seededRandom } from './random.ts'

import type { Company, Person } from './company.ts'
import type { Random } from './random.ts'

export interface Reorganisation {
  readonly seed: number
  /** The group that gets another name, and which. */
  readonly rename: { readonly from: string; readonly to: string }
  /** People whom the directory marks as deleted: renamed and switched off, gone for good a while later. */
  readonly softDeletions: number
}

/** People marry, move, leave, and come off groups; one group gets a new name. */
export const reorganise = (company: Company, plan: Reorganisation): Company => {
  const random = seededRandom(plan.seed)
  const everybody = [...company.people.values()]
  const some = (count: number): Person[] => random.sample(everybody, count)
  let after = company
  for (const { sourceId, givenName } of some(8)) {
    const name = `${givenName} Ørsted-Nguyễn`
    after = withPerson(after, sourceId, {
      familyName: 'Ørsted-Nguyễn',
      displayName: name,
      formattedName: name,
    })
  }
  for (const { sourceId } of some(24)) after = withPerson(after, sourceId, { title: 'Head of “New Ideas”' })
  for (const { sourceId } of some(12)) {
    after = withPerson(after, sourceId, { department: 'Design', title: 'Prototype Engineer' })
  }
  for (const person of some(3)) after = withNewAddress(after, person)
  for (const { sourceId, phone } of some(16)) {
    after = withPerson(after, sourceId, { phone: phone === undefined ? '+81 3-1234-5678' : undefined })
  }
  const left = some(14)
  for (const { sourceId } of left) after = withPerson(after, sourceId, { isActive: false })
  for (const person of random.sample(left, plan.softDeletions))
    after = softDeleted(after, person.sourceId, random)
  after = withTeam(after, teamNamed(after, plan.rename.from).sourceId, { displayName: plan.rename.to })
  return moveMembers(after, random)
}

/** Some come back; those who were marked as deleted are deleted; people change groups once more. */
export const settle = (company: Company, seed: number): Company => {
  const random = seededRandom(seed)
  const inactive = [...company.people.values()].filter(({ isActive }) => !isActive)
  const deleted = inactive.filter(isSoftDeleted)
  const back = random.sample(
    inactive.filter((person) => !isSoftDeleted(person)),
    6,
  )
  let after = company
  for (const { sourceId } of back) after = withPerson(after, sourceId, { isActive: true })
  for (const { sourceId } of deleted) after = withoutPerson(after, sourceId)
  return moveMembers(after, random)
}

/** Of each group a tenth leaves, at least one, and as many others come. */
const moveMembers = (company: Company, random: Random): Company => {
  let after = company
  for (const team of company.teams.values()) {
    const count = Math.max(1, Math.floor(team.members.length / 10))
    const leaving = new Set(random.sample(team.members, count))
    const outside = [...company.people.keys()].filter((sourceId) => !team.members.includes(sourceId))
    const staying = team.members.filter((sourceId) => !leaving.has(sourceId))
    after = withTeam(after, team.sourceId, { members: [...staying, ...random.sample(outside, count)] })
  }
  return after
}

const renew = (address: string): string => `new.${address}`

const withNewAddress = (company: Company, { sourceId, userName, emails }: Person): Company => {
  return withPerson(company, sourceId, {
    userName: renew(userName),
    emails: emails.map((email) => (email.type === 'work' ? { ...email, value: renew(email.value) } : email)),
  })
}

/** Entra ID puts 32 hexadecimal digits before the name of a user in the recycle bin. */
const softDeleted = (company: Company, sourceId: string, random: Random): Company => {
  const userName = company.people.get(sourceId)?.userName ?? ''
  return withPerson(company, sourceId, { userName: `${random.hex(32)}${userName}` })
}

const isSoftDeleted = ({ userName }: Person): boolean => /^[0-9a-f]{32}/.test(userName)
