/** What is a filter, what it means by its structure, and what is refused (RFC 7644 section 3.4.2.2). */

import { describe, expect, test } from 'vitest'
import { maxFilterCharacters, maxFilterDepth, parseFilter, parseRootFilter } from '#scim/filter/parse.ts'
import { printFilter } from '#scim/filter/print.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { schemaUrns } from '#scim/urns.ts'
import { refusal } from '#test/kit/refusal.ts'

const enterprise = schemaUrns.enterpriseUser

/** Printing makes the structure visible: every nesting in parentheses, every name in full. */
const meaning = (text: string, type: ResourceType = userType): string => printFilter(parseFilter(text, type))

const ofLength = (length: number): string => `userName eq "${'x'.repeat(length - 14)}"`

describe('a filter is understood', () => {
  // RFC 7644 3.4.2.2: "grouping operators, then logical operators with "not" … then "and" … then "or""
  test.for([
    ['title pr or userType pr and nickName pr', 'title pr or (userType pr and nickName pr)'],
    ['(title pr or userType pr) and nickName pr', '(title pr or userType pr) and nickName pr'],
    ['not (title pr) and userType pr', 'not (title pr) and userType pr'],
    ['not title pr and userType pr', 'not (title pr) and userType pr'],
    ['not (not (title pr))', 'not (not (title pr))'],
    ['title pr and userType pr and nickName pr', 'title pr and userType pr and nickName pr'],
    ['((title pr))', 'title pr'],
  ])('with its precedence: %s', ([text, expected]) => {
    expect(meaning(text!)).toBe(expected)
  })

  // "Attribute names and attribute operators used in filters are case insensitive."
  test('whatever the case of names and operators', () => {
    expect(meaning('USERNAME Eq "Ada" AND NOT (Emails.Type PR)')).toBe(
      'userName eq "Ada" and not (emails.type pr)',
    )
  })

  test.for([
    ['userName eq"x"', 'userName eq "x"'],
    ['  userName \t eq \n "x"  ', 'userName eq "x"'],
    ['not(title pr)', 'not (title pr)'],
    ['emails[ type eq "work" ]', 'emails[type eq "work"]'],
  ])('whatever its spaces: %j', ([text, expected]) => {
    expect(meaning(text!)).toBe(expected)
  })

  test.for([
    ['userName eq "a \\"b\\" \\\\ \\u00e9 \\/ 😀"', 'a "b" \\ é / 😀'],
    ['userName eq "50% + _x_ (y) [z] and not"', '50% + _x_ (y) [z] and not'],
    ['userName eq ""', ''],
  ])('with strings as JSON has them: %s', ([text, value]) => {
    expect(parseFilter(text!, userType)).toMatchObject({ kind: 'comparison', value })
  })

  // RFC 7644 figure 2 and Microsoft's documentation leave quotes away.
  test.for([
    ['userName sw O', 'userName sw "O"'],
    ['userName eq true', 'userName eq "true"'],
    ['externalId eq 42', 'externalId eq "42"'],
    ['meta.created gt 2015-05-13T04:42:34Z', 'meta.created gt "2015-05-13T04:42:34.000Z"'],
    ['active eq "True"', 'active eq true'],
    ['active eq FALSE', 'active eq false'],
  ])('without quotes, or with too many: %s', ([text, expected]) => {
    expect(meaning(text!)).toBe(expected)
  })

  test.for([
    ['2011-05-13T04:42:34+02:00', '2011-05-13T02:42:34.000Z'],
    ['2011-05-13T04:42:34 02:00', '2011-05-13T02:42:34.000Z'],
    ['2011-05-13T04:42:34.1239Z', '2011-05-13T04:42:34.123Z'],
    ['2011-05-13T04:42:34', '2011-05-13T04:42:34.000Z'],
  ])('with dateTimes brought to UTC: %s', ([literal, expected]) => {
    expect(meaning(`meta.lastModified ge "${literal}"`)).toBe(`meta.lastModified ge "${expected}"`)
  })

  test.for([
    [`${enterprise}:department eq "x"`, `${enterprise}:department eq "x"`],
    [`${enterprise}:manager.value eq "x"`, `${enterprise}:manager.value eq "x"`],
    [`${schemaUrns.user}:userName eq "x"`, 'userName eq "x"'],
    ['urn:scim:schemas:extension:enterprise:1.0:department eq "x"', `${enterprise}:department eq "x"`],
    [`${enterprise.toUpperCase()}:DEPARTMENT eq "x"`, `${enterprise}:department eq "x"`],
    [`${schemaUrns.user}:id eq "x"`, 'id eq "x"'],
  ])('with names that carry a URN: %s', ([text, expected]) => {
    expect(meaning(text!)).toBe(expected)
  })

  // Entra asks "id eq G and members eq U" and "manager eq U".
  test('with a complex attribute that stands for its value', () => {
    expect(meaning('manager eq "x"')).toBe(`${enterprise}:manager.value eq "x"`)
    expect(meaning('emails co "example.com"')).toBe('emails.value co "example.com"')
    expect(meaning('id eq "1" and members eq "2"', groupType)).toBe('id eq "1" and members.value eq "2"')
  })

  test('hard spot 36: with names in brackets that are those of the list', () => {
    expect(meaning('emails[type eq "work" and not (primary eq true) or value ew "x"]')).toBe(
      'emails[(type eq "work" and not (primary eq true)) or value ew "x"]',
    )
  })

  // Entra queries `emails[type eq "work"].value eq "x"`, which the grammar has for PATCH paths only.
  test('with a comparison behind the brackets, which the same element has to satisfy', () => {
    expect(meaning('emails[type eq "work"].value eq "x" and title pr')).toBe(
      'emails[type eq "work" and value eq "x"] and title pr',
    )
    expect(meaning('emails[type eq "work"].display pr')).toBe('emails[type eq "work" and display pr]')
  })

  test('with brackets after a single complex value, which say the same as dots', () => {
    expect(meaning('name[givenName eq "a" and familyName pr]')).toBe(
      'name.givenName eq "a" and name.familyName pr',
    )
  })

  // RFC 7643 2.5: "Unassigned and null values … are equivalent"
  test('with null as the unassigned state', () => {
    expect(meaning('title eq null or name ne null')).toBe('not (title pr) or name pr')
    expect(meaning('title eq "null"')).toBe('title eq "null"')
  })
})

describe('a filter is refused as invalidFilter', () => {
  test.for([
    '',
    ' ',
    'userName',
    'userName eq',
    'eq "x"',
    'userName "x"',
    'userName is "x"',
    'userName eq "x" and',
    'and userName pr',
    'userName eq "x" "y"',
    'userName eq "x" userName pr',
    '(userName pr',
    'userName pr)',
    'userName eq "x',
    'userName eq "\\x"',
    'userName eq "a\tb"',
    '()',
    'not',
    'emails[',
    'emails[]',
    'emails[type pr',
    'emails]',
    'emails[type pr].',
    'emails[type pr].value',
    'userName[value pr]',
    'emails[emails[type pr]]',
    'userName eq (x)',
    'user name eq "x"',
    'userName..x pr',
    'urn:unknown:userName pr',
  ])('for its syntax: %s', (text) => {
    expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
  })

  test.for(['unknown eq "x"', 'members pr', 'name.unknown pr', 'emails[unknown pr]', 'userName.x pr'])(
    'for an attribute that the type lacks: %s',
    (text) => {
      expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
    },
  )

  test.for(['name eq "x"', 'meta eq "x"', 'addresses co "x"'])(
    'for a complex attribute without value: %s',
    (text) => {
      expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
    },
  )

  // "Boolean and Binary attributes SHALL cause a failed response (HTTP status code 400) with "scimType" of "invalidFilter"."
  test.for([
    'active gt true',
    'active ge true',
    'active lt true',
    'active le true',
    'x509Certificates.value gt "AA"',
    'active co "t"',
    'meta.created sw "2011"',
    'title gt null',
  ])('for an operator that the type does not have: %s', (text) => {
    expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
  })

  test.for([
    'active eq "yes"',
    'active eq 1',
    'meta.created gt "yesterday"',
    'meta.created gt "2011-05-13"',
    'meta.created gt "2011-02-30T00:00:00Z"',
    'meta.created gt "0001-01-01T00:00:00+01:00"',
  ])('for a value of another type: %s', (text) => {
    expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
  })

  test.for(['password eq "x"', 'password pr', 'meta.location pr', 'groups.$ref eq "x"'])(
    'for an attribute that nobody may ask or that is not stored: %s',
    (text) => {
      expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
    },
  )

  test.for(['userName eq "\\u0000"', 'userName eq "\\ud800"', 'userName eq \0'])(
    'for characters that no text in Postgres holds: %j',
    (text) => {
      expect(() => parseFilter(text, userType)).toThrow(refusal(400, 'invalidFilter'))
    },
  )

  test('for its length', () => {
    expect(parseFilter(ofLength(maxFilterCharacters), userType)).toMatchObject({ kind: 'comparison' })
    expect(() => parseFilter(ofLength(maxFilterCharacters + 1), userType)).toThrow(
      refusal(400, 'invalidFilter'),
    )
  })

  test.for([
    ['(', ')'],
    ['not (', ')'],
    ['not ', ''],
  ])('for its depth, with %j', ([open, close]) => {
    const nested = (depth: number): string => `${open!.repeat(depth)}title pr${close!.repeat(depth)}`
    const levels = open === 'not (' ? 2 : 1
    expect(() => parseFilter(nested(maxFilterDepth / levels), userType)).not.toThrow()
    expect(() => parseFilter(nested(maxFilterDepth / levels + 1), userType)).toThrow(
      refusal(400, 'invalidFilter'),
    )
  })

  test('for its depth, which parts side by side do not add to', () => {
    const parts = Array.from({ length: maxFilterDepth * 2 }, () => '(title pr)')
    expect(parseFilter(parts.join(' or '), userType)).toMatchObject({ kind: 'or' })
  })

  test('with a sentence that says what and where', () => {
    expect(() => parseFilter('userName eq "x" and unknown pr', userType)).toThrow(
      'The filter is not valid: there is no attribute unknown at character 21.',
    )
  })
})

// RFC 7644 3.4.2.1: "SHALL be treated as if the attribute has no value"
describe('over all types, an attribute that a type lacks has no value', () => {
  test.for([
    ['userName pr', false],
    ['userName eq "x"', false],
    ['userName ne "x"', true],
    ['userName eq null', true],
    ['userName ne null', false],
    ['userName gt 5', false],
    ['emails[type eq "work"]', false],
    ['emails[type eq "work"].value eq "x"', false],
    ['unknown.sub pr', false],
  ] as const)('%s is %s', ([text, value]) => {
    expect(parseRootFilter(text, groupType)).toEqual({ kind: 'constant', value })
  })

  test('and what the type has keeps its meaning', () => {
    expect(printFilter(parseRootFilter('displayName eq "x" or members pr', groupType))).toBe(
      'displayName eq "x" or members pr',
    )
  })

  test('and wrong syntax is still refused', () => {
    expect(() => parseRootFilter('unknown is "x"', groupType)).toThrow(refusal(400, 'invalidFilter'))
    expect(() => parseRootFilter('unknown[', groupType)).toThrow(refusal(400, 'invalidFilter'))
  })
})

test('a constant prints as a filter with the same outcome', () => {
  expect(printFilter({ kind: 'constant', value: true })).toBe('id pr')
  expect(printFilter({ kind: 'constant', value: false })).toBe('not (id pr)')
})
