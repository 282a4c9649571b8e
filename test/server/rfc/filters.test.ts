import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Section 3.4.2.2 of RFC 7644, row by row, as Postgres answers it.
const used = useServer()
const ids = new Map<string, string>()

beforeAll(async () => {
  const people: readonly (readonly [string, object])[] = [
    [
      'ada',
      {
        title: 'Engineer',
        externalId: 'X-1',
        emails: [{ value: 'Ada@Work.example', type: 'work', primary: true }],
        nickName: 'Countess of "Lovelace" \\ 100%',
        x509Certificates: [{ value: 'AQID' }],
      },
    ],
    ['bob', { title: 'engineer', active: false, emails: [{ value: 'bob@home.example', type: 'home' }] }],
    [
      'cyd',
      {
        displayName: 'ÉLAN Straße',
        nickName: '',
        emails: [],
        [urns.enterprise]: { department: 'R&D', manager: { value: 'boss-1' } },
      },
    ],
    [
      'dan',
      {
        title: 'Zoologist',
        emails: [
          { value: 'dan@work.example', type: 'work' },
          { value: 'd@home.example', type: 'home' },
        ],
      },
    ],
  ]
  for (const [userName, more] of people)
    ids.set(userName, await used.tenant.create('/Users', aUser(userName, more)))
  ids.set('crew', await used.tenant.create('/Groups', aGroup('Crew', [idOf('ada'), idOf('bob')])))
})

const idOf = (name: string): string => ids.get(name) ?? ''

const find = (filter: string, path = '/Users'): Promise<Reply> =>
  used.tenant.get(`${path}?filter=${encodeURIComponent(filter)}`)

type Row = readonly [string, readonly string[], string?]

/** The names of those found, in order, if the answer counts them right. */
const found = async (filter: string, path?: string): Promise<readonly string[]> => {
  const { body } = await find(filter, path)
  const names: string[] = body.Resources.map(
    (one: { userName?: string; displayName?: string }) => one.userName ?? one.displayName,
  )
  return body.totalResults === names.length ? names.toSorted() : [`${body.totalResults} in total`]
}

describe('filters', () => {
  test.for<Row>([
    ['title eq "engineer"', ['ada', 'bob']],
    ['title ne "engineer"', ['cyd', 'dan']],
    ['userName co "D"', ['ada', 'cyd', 'dan']],
    ['userName sw "c"', ['cyd']],
    ['userName ew "b"', ['bob']],
    ['title pr', ['ada', 'bob', 'dan']],
    ['userName gt "bob"', ['cyd', 'dan']],
    ['userName ge "bob"', ['bob', 'cyd', 'dan']],
    ['userName lt "bob"', ['ada']],
    ['userName le "bob"', ['ada', 'bob']],
    ['USERNAME EQ "ada" OR username Eq "bob"', ['ada', 'bob']],
    ['userName eq "dan" or userName eq "ada" and active eq false', ['dan']],
    ['(userName eq "dan" or userName eq "bob") and active eq false', ['bob']],
    ['not (userName eq "dan") and active eq true', ['ada', 'cyd']],
    ['not (userName eq "dan" and active eq true)', ['ada', 'bob', 'cyd']],
    ['  ( (userName   eq "ada") )  or(userName eq "bob")', ['ada', 'bob']],
    ['not (not (title pr))', ['ada', 'bob', 'dan']],
  ])('F1: operators, precedence, nesting and spaces: %s finds %j', async ([filter, expected, path]) => {
    expect(await found(filter, path)).toEqual(expected)
  })

  test.for<Row>([
    ['emails[type eq "work" and value co "home"]', []],
    ['emails[type eq "home" and value co "home"]', ['bob', 'dan']],
    ['emails.type eq "work" and emails.value co "home"', ['dan']],
    ['emails[type eq "work"].value eq "DAN@work.example"', ['dan']],
    ['emails[not (type eq "work")]', ['bob', 'dan']],
  ])(
    'F2: in brackets one element satisfies all, without them several may: %s finds %j',
    async ([filter, expected, path]) => {
      expect(await found(filter, path)).toEqual(expected)
    },
  )

  test.for<Row>([
    [String.raw`nickName eq "Countess of \"Lovelace\" \\ 100%"`, ['ada']],
    [String.raw`userName eq "\u0061da"`, ['ada']],
    ['active eq false', ['bob']],
    ['active eq "False"', ['bob']],
    ['title eq null', ['cyd']],
    ['userName eq ada', ['ada']],
    ['meta.Created gt 2015-10-10T14:38:21.8617979-07:00', ['ada', 'bob', 'cyd', 'dan']],
  ])(
    'F3: literals are those of JSON, also where their quotes are missing: %s finds %j',
    async ([filter, expected, path]) => {
      expect(await found(filter, path)).toEqual(expected)
    },
  )

  test.for<Row>([
    ['emails co "home.example"', ['bob', 'dan']],
    ['emails eq "d@home.example"', ['dan']],
    ['groups pr', ['ada', 'bob']],
  ])(
    'F4: one matching element is enough, and a list alone stands for its values: %s finds %j',
    async ([filter, expected, path]) => {
      expect(await found(filter, path)).toEqual(expected)
    },
  )

  test('F4: a complex attribute without a value of its own is no operand', async () => {
    expect(await find('name eq "x"')).toEqual(scimError(400, 'invalidFilter'))
  })

  test.for<Row>([
    ['userName eq "ADA"', ['ada']],
    ['emails.value eq "ada@WORK.example"', ['ada']],
    ['displayName eq "élan STRASSE"', []],
    ['displayName eq "élan straße"', ['cyd']],
    ['externalId eq "X-1"', ['ada']],
    ['externalId eq "x-1"', []],
    ['meta.version eq "W/\\"1\\""', ['ada', 'bob', 'cyd', 'dan']],
    ['meta.version eq "w/\\"1\\""', []],
  ])(
    'F5: case counts where the schema says so, and nowhere else: %s finds %j',
    async ([filter, expected, path]) => {
      expect(await found(filter, path)).toEqual(expected)
    },
  )

  test.for([
    'active gt true',
    'active le false',
    'x509Certificates.value ge "AQID"',
    'x509Certificates lt "A"',
  ])('F6: order among booleans or binaries is invalidFilter: %s', async (filter) => {
    expect(await find(filter)).toEqual(scimError(400, 'invalidFilter'))
  })

  test('F6: dateTimes are compared as moments, whatever their offsets', async () => {
    const { body } = await used.tenant.get(`/Users/${idOf('bob')}`)
    const created = Date.parse(body.meta.created)
    // The same moment, an hour and a half further east.
    const there = new Date(created + 5_400_000).toISOString().replace('Z', '+01:30')
    const later = new Date(created - 5_400_000 + 1).toISOString().replace('Z', '-01:30')
    expect(await found(`meta.created eq "${there}"`)).toEqual(['bob'])
    expect(await found(`meta.created ge "${there}" and meta.created lt "${later}"`)).toEqual(['bob'])
  })

  test.for<Row>([
    [`${urns.enterprise}:department eq "R&D"`, ['cyd']],
    [`${urns.user}:userName eq "ada"`, ['ada']],
    [`schemas eq "${urns.enterprise}"`, ['cyd']],
    ['meta.resourceType eq "User"', ['ada', 'bob', 'cyd', 'dan']],
    ['meta.resourceType eq "User" and userName eq "ada"', ['ada'], '/'],
    ['manager eq "boss-1"', ['cyd']],
    [`${urns.enterprise}:manager.value eq "boss-1"`, ['cyd']],
  ])(
    'F7: names with a URN, schemas, meta, ids and managers can be asked: %s finds %j',
    async ([filter, expected, path]) => {
      expect(await found(filter, path)).toEqual(expected)
    },
  )

  test('F7: id and members can be asked', async () => {
    expect(await found(`id eq "${idOf('ada')}"`)).toEqual(['ada'])
    expect(await found(`members.value eq "${idOf('bob')}"`, '/Groups')).toEqual(['Crew'])
    expect(await found(`members eq "${idOf('cyd')}"`, '/Groups')).toEqual([])
  })

  test.for<Row>([
    ['nickName pr', ['ada']],
    ['emails pr', ['ada', 'bob', 'dan']],
    ['displayName pr', ['cyd']],
    ['title ne "Engineer"', ['cyd', 'dan']],
    ['not (title eq "Engineer")', ['cyd', 'dan']],
  ])(
    'F8: pr is false for what is empty, and ne is true for what is not there: %s finds %j',
    async ([filter, expected, path]) => {
      expect(await found(filter, path)).toEqual(expected)
    },
  )

  test('F9: an attribute that a type lacks is refused there, and has no value at the root', async () => {
    expect(await find('members pr')).toEqual(scimError(400, 'invalidFilter'))
    expect(await found('members pr', '/')).toEqual(['Crew'])
    expect(await found('not (userName pr)', '/')).toEqual(['Crew'])
    expect(await find('userName xx "ada"', '/')).toEqual(scimError(400, 'invalidFilter'))
  })

  test('F10: nothing found is 200 with an empty list, on every endpoint', async () => {
    for (const path of ['/Users', '/Groups', '/'])
      expect((await find('id eq "nobody"', path)).body).toMatchObject({ totalResults: 0, Resources: [] })
  })

  test.for([
    'filter=userName+eq+%22ada%22',
    'filter=userName%20eq%20%22ada%22',
    'filter=userName%20eq%20%22ada%22&',
    '&&filter=userName%20eq%20%22ada%22&&',
    'FILTER=userName%20eq%20%22ada%22',
  ])('F11: spaces may be plus or %%20, and empty parameters are nothing: ?%s', async (query) => {
    const reply = await sendTo(`${used.tenant.baseURL}/Users?${query}`, 'GET', { token: used.tenant.token })
    expect(reply.body.Resources).toMatchObject([{ userName: 'ada' }])
  })
})
