/** What filters find: the meaning that SQL has to reproduce (RFC 7644 section 3.4.2.2). */

import { expect, test } from 'vitest'
import { matches } from '#scim/filter/matches.ts'
import type { FilterSubject } from '#scim/filter/matches.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import type { JsonObject } from '#scim/json.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { schemaUrns } from '#scim/urns.ts'

const enterprise = schemaUrns.enterpriseUser

const user = (data: JsonObject, more: Partial<FilterSubject> = {}): FilterSubject => ({
  id: '0198-a',
  type: 'User',
  data: { userName: 'Ada@Example.com', ...data },
  created: new Date('2026-01-02T03:04:05.006Z'),
  lastModified: new Date('2026-02-03T00:00:00.000Z'),
  version: 3,
  ...more,
})

const finds = (filter: string, subject: FilterSubject): boolean =>
  matches(parseFilter(filter, subject.type === 'User' ? userType : groupType), subject)

const ada = user({
  externalId: 'Ext-1',
  displayName: 'Ada Straße',
  title: '100% of A_B "quoted" \\ path',
  active: false,
  name: { givenName: 'Ada' },
  emails: [
    { type: 'work', value: 'ada@work.example', primary: true },
    { type: 'home', value: 'ada@home.example' },
    { value: 'ada@bare.example' },
  ],
  [enterprise]: { department: 'Engines', manager: { value: 'M1' } },
})

// "caseExact": RFC 7643 2.2; userName is case insensitive, id and externalId are not.
test.for([
  ['userName eq "ada@example.COM"', true],
  ['userName sw "ADA@"', true],
  ['userName ew ".COM"', true],
  ['userName co "EXAMPLE"', true],
  ['userName eq "ada"', false],
  ['displayName eq "ADA STRASSE"', false],
  ['displayName eq "ada straße"', true],
  ['externalId eq "Ext-1"', true],
  ['externalId eq "ext-1"', false],
  ['externalId sw "ext"', false],
  ['id eq "0198-a"', true],
  ['id eq "0198-A"', false],
  ['emails.value eq "ADA@WORK.EXAMPLE"', true],
  [`${enterprise}:manager eq "m1"`, false],
  [`${enterprise}:department eq "ENGINES"`, true],
] as const)('case counts only where the schema says so: %s is %s', ([filter, expected]) => {
  expect(finds(filter, ada)).toBe(expected)
})

// eq and co compiled to LIKE made wildcards of % and _.
test.for([
  ['title co "100%"', true],
  ['title co "A_B"', true],
  ['title co "A%B"', false],
  ['title co "AxB"', false],
  ['userName eq "%"', false],
  ['title co "\\"quoted\\""', true],
  ['title co "\\\\ path"', true],
  ['title co ""', true],
  ['nickName co ""', false],
] as const)('hard spot 33: text is plain text: %s is %s', ([filter, expected]) => {
  expect(finds(filter, ada)).toBe(expected)
})

// "if a User has multiple "emails" values, only one has to match for the entire User to match"
test.for([
  ['emails.type eq "home"', true],
  ['emails.type ne "work"', true],
  ['not (emails.type eq "work")', false],
  ['emails.type eq "other"', false],
  ['emails co "bare"', true],
  ['phoneNumbers.type ne "work"', true],
  ['emails.type eq "work" and emails.value co "home.example"', true],
  ['emails[type eq "work" and value co "home.example"]', false],
  ['emails[type eq "home" and value co "home.example"]', true],
  ['emails[type eq "work"].value eq "ada@work.example"', true],
  ['emails[type ne "work" and value co "bare"]', true],
  ['emails[not (type pr)]', true],
  ['phoneNumbers[not (type pr)]', false],
  ['emails[primary eq true and type eq "home"]', false],
] as const)(
  'one element is enough, and in brackets one element has to do it all: %s is %s',
  ([filter, expected]) => {
    expect(finds(filter, ada)).toBe(expected)
  },
)

test.for([
  ['title pr', true],
  ['nickName pr', false],
  ['name pr', true],
  ['name.familyName pr', false],
  ['emails pr', true],
  ['emails.display pr', false],
  ['active pr', true],
  ['nickName ne "x"', true],
  ['nickName eq null', true],
  ['title eq null', false],
  ['nickName gt ""', false],
] as const)('what is not assigned has no value: %s is %s', ([filter, expected]) => {
  expect(finds(filter, ada)).toBe(expected)
})

test('empty text, empty lists and null are not present', () => {
  const odd = user({ title: '', nickName: null, emails: [], phoneNumbers: [{ value: '' }], name: {} })
  const names = ['title', 'nickName', 'emails', 'phoneNumbers', 'phoneNumbers.value', 'name']
  expect(names.filter((name) => finds(`${name} pr`, odd))).toEqual([])
})

test.for([
  ['active eq false', true],
  ['active eq "False"', true],
  ['active ne false', false],
  ['active eq true', false],
] as const)('booleans compare as booleans: %s is %s', ([filter, expected]) => {
  expect(finds(filter, ada)).toBe(expected)
})

test('an unassigned active is neither true nor false', () => {
  expect(finds('active eq true', user({}))).toBe(false)
  expect(finds('active eq false', user({}))).toBe(false)
  expect(finds('active ne true', user({}))).toBe(true)
})

test.for([
  ['meta.created eq "2026-01-02T04:04:05.006+01:00"', true],
  ['meta.created gt "2026-01-02T03:04:05.005Z"', true],
  ['meta.created ge "2026-01-02T03:04:05.006Z"', true],
  ['meta.created lt "2026-01-02T05:00:00+02:00"', false],
  ['meta.created le "2026-01-02T03:04:05.006999Z"', true],
  ['meta.created eq "2026-01-02T03:04:05.006999Z"', true],
  ['meta.lastModified gt 2026-02-02T23:59:59Z', true],
  ['meta.resourceType eq "User"', true],
  ['meta.resourceType eq "user"', false],
  ['meta.version eq "W/\\"3\\""', true],
  [`schemas eq "${enterprise}"`, true],
  [`schemas eq "${schemaUrns.group}"`, false],
] as const)('what the server knows of a resource can be asked: %s is %s', ([filter, expected]) => {
  expect(finds(filter, ada)).toBe(expected)
})

// RFC 7644 table 3: "If the attribute is a string, … lexicographical comparison". Order is by code point.
test.for([
  ['title gt "y"', '\u{1F600}', true],
  ['title gt "\uFFFD"', '\u{1F600}', true],
  ['title lt "b"', 'A', true],
  ['title ge "STRASSE"', 'straße', true],
  ['title le "a"', 'aa', false],
  ['title lt "ａ"', 'A0', false],
] as const)(
  'text is in the order of code points after folding: %s for %s is %s',
  ([filter, title, expected]) => {
    expect(finds(filter, user({ title }))).toBe(expected)
  },
)

test('members and groups are asked by their rows', () => {
  const group: FilterSubject = {
    ...user({}),
    type: 'Group',
    data: { displayName: 'G' },
    members: [
      { value: 'u1', type: 'User', display: 'Ada' },
      { value: 'g1', type: 'Group' },
    ],
  }
  expect(finds('members eq "u1"', group)).toBe(true)
  expect(finds('members.value eq "U1"', group)).toBe(false)
  expect(finds('members[type eq "Group" and value eq "u1"]', group)).toBe(false)
  expect(finds('members.display sw "ADA"', group)).toBe(true)
  expect(finds('members pr', { ...group, members: [] })).toBe(false)
  expect(finds('groups.value eq "g1"', user({}, { groups: [{ value: 'g1', type: 'direct' }] }))).toBe(true)
})

test('a value of another type than the literal is different, and in no order with it', () => {
  const target = { attribute: userType.schema.attributes.find((one) => one.name === 'title')! }
  const operators = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'co', 'sw', 'ew'] as const
  const odd = user({ title: 5 })
  const holding = operators.filter((operator) =>
    matches({ kind: 'comparison', target, operator, value: '5' }, odd),
  )
  expect(holding).toEqual(['ne'])
})

test('a comparison with null, as only a program would build it, asks for the unassigned state', () => {
  const target = { attribute: userType.schema.attributes.find((one) => one.name === 'title')! }
  expect(matches({ kind: 'comparison', target, operator: 'eq', value: null }, user({}))).toBe(true)
  expect(matches({ kind: 'comparison', target, operator: 'ne', value: null }, user({ title: 'x' }))).toBe(
    true,
  )
  expect(matches({ kind: 'comparison', target, operator: 'gt', value: null }, user({ title: 'x' }))).toBe(
    false,
  )
})
