/** Founds a company: a few hundred people with names from many languages, twelve groups, managers. */
import nameLists from './names.json' with { type: 'json' }
import { seededRandom } from './random.ts'

import type { Company, Email, Person, Team } from './company.ts'
import type { Random } from './random.ts'

/** What differs between the sources of two identity providers. */
export interface Founding {
  readonly domain: string
  readonly people: number
  readonly seed: number
  readonly newPersonId: (random: Random) => string
  readonly newTeamId: (random: Random) => string
  /** Share of people without a display name; Entra ID always has one. */
  readonly namelessShare: number
  /** Share of people whose user name keeps its own script: `jürgen.müller@…`. */
  readonly ownScriptShare: number
  readonly hasManagers: boolean
}

interface Staff {
  readonly person: Person
  readonly culture: string
}

const titlesByDepartment: Readonly<Record<string, readonly string[]>> = {
  Engineering: ['Software Engineer', 'Senior Software Engineer', 'Engineering Manager', 'Test Engineer'],
  Platform: ['Site Reliability Engineer', 'Platform Engineer', 'Head of Platform'],
  Design: ['Product Designer', 'Design Researcher', 'Head of Design'],
  Finance: ['Accountant', 'Controller', 'Head of Finance', 'Payroll Manager'],
  Sales: ['Account Executive', 'Sales Engineer', 'Regional Manager'],
  Support: ['Support Specialist', 'Support Engineer', 'Head of Support'],
  Security: ['Security Engineer', 'Security Analyst'],
  Développement: ['Développeuse', 'Développeur', 'Ingénieure logiciel'],
  人事部: ['人事マネージャー', 'Recruiter', 'People Partner'],
}

const departments = Object.keys(titlesByDepartment)

/** The twelve groups; who is in one at the start. */
const teams: Readonly<Record<string, (staff: Staff, random: Random) => boolean>> = {
  'All Staff': () => true,
  Engineering: ({ person }) => person.department === 'Engineering' || person.title.includes('Engineer'),
  Platform: ({ person }, random) => person.department === 'Platform' || random.chance(0.03),
  Design: ({ person }) => person.department === 'Design',
  Finance: ({ person }, random) => person.department === 'Finance' && random.chance(0.9),
  Sales: ({ person }) => person.department === 'Sales',
  Support: ({ person }, random) => person.department === 'Support' || random.chance(0.05),
  Security: ({ person }, random) => person.department === 'Security' || random.chance(0.04),
  Contractors: (_staff, random) => random.chance(0.12),
  Leadership: ({ person }) => isLeader(person),
  Développement: ({ person, culture }) => person.department === 'Développement' || culture === 'French',
  東京オフィス: ({ culture }) => culture === 'Japanese',
}

export const foundCompany = (founding: Founding): Company => {
  const random = seededRandom(founding.seed)
  const taken = new Set<string>()
  const staff = Array.from({ length: founding.people }, () => hire(founding, random, taken))
  const leaders = staff.filter(({ person }) => isLeader(person))
  const people = staff.map(({ person }) => {
    const boss = founding.hasManagers && random.chance(0.8) ? random.pick(leaders).person.sourceId : undefined
    return boss === person.sourceId ? person : { ...person, manager: boss }
  })
  return {
    domain: founding.domain,
    people: new Map(people.map((person) => [person.sourceId, person])),
    teams: new Map(
      Object.entries(teams).map(([displayName, belongs]): [string, Team] => {
        const members = staff.filter((one) => belongs(one, random)).map((one) => one.person.sourceId)
        const sourceId = founding.newTeamId(random)
        return [sourceId, { sourceId, displayName, members }]
      }),
    ),
  }
}

const hire = (founding: Founding, random: Random, taken: Set<string>): Staff => {
  const list = random.pick(nameLists)
  const given = nameOf(random.pick(list.given))
  const family = nameOf(random.pick(list.family))
  const shown = 'familyFirst' in list ? `${family.shown} ${given.shown}` : `${given.shown} ${family.shown}`
  const latin = free(`${given.latin}.${family.latin}`, taken)
  const ownScript = `${given.shown}.${family.shown}`.toLowerCase().replaceAll(/[^\p{L}\p{M}.'-]+/gu, '')
  const mailbox = random.chance(founding.ownScriptShare) ? free(ownScript, taken) : latin
  const isNameless = random.chance(founding.namelessShare)
  const department = random.pick(departments)
  return {
    culture: list.culture,
    person: {
      sourceId: founding.newPersonId(random),
      userName: `${mailbox}@${founding.domain}`,
      givenName: given.shown,
      familyName: family.shown,
      displayName: isNameless ? undefined : shown,
      formattedName: isNameless && random.chance(0.5) ? undefined : shown,
      emails: emailsOf(latin, founding.domain, random),
      title: random.pick(titlesByDepartment[department]!),
      department,
      employeeNumber: String(10_000 + taken.size),
      phone: random.chance(0.5) ? `+49 30 ${100_000 + random.below(900_000)}` : undefined,
      isActive: true,
      manager: undefined,
    },
  }
}

/** A third have a private address too; half of these list it before the primary one, and the first one counts. */
const emailsOf = (mailbox: string, domain: string, random: Random): readonly Email[] => {
  const work: Email = { type: 'work', value: `${mailbox}@${domain}`, primary: true }
  if (!random.chance(0.33)) return [work]
  const home: Email = { type: 'home', value: `${mailbox}@mail.example`, primary: false }
  return random.chance(0.5) ? [home, work] : [work, home]
}

const isLeader = (person: Person): boolean => /^Head of|Manager/.test(person.title)

/** `伟=wei` is the name and how its owner writes it in a user name; other names are stripped of their marks. */
const nameOf = (entry: string): { readonly shown: string; readonly latin: string } => {
  const [shown = entry, latin] = entry.split('=')
  return { shown, latin: latin ?? latinOf(shown) }
}

const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  æ: 'ae',
  ı: 'i',
}

const latinOf = (name: string): string =>
  name
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/./gu, (letter) => letters[letter] ?? letter)
    .replaceAll(/[^a-z]/g, '')

const free = (wanted: string, taken: Set<string>): string => {
  const folded = wanted.normalize('NFKC').toLowerCase()
  for (let number = 1; ; number += 1) {
    const [name, key] = number === 1 ? [wanted, folded] : [`${wanted}${number}`, `${folded}${number}`]
    if (!taken.has(key)) {
      taken.add(key)
      return name
    }
  }
}
