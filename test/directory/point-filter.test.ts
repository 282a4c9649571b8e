import { expect, test } from 'vitest'
import { isPointRead, isSingle } from '#directory/point-filter.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import { userType } from '#scim/resource-types.ts'

const listOf = (filter: string, startIndex = 1) => ({
  targets: [{ type: userType, filter: parseFilter(filter, userType) }],
  page: { kind: 'index', startIndex, count: 100 } as const,
})

test.for([
  ['userName eq "ada"', true, true],
  ['id eq "2819c223-7f76-453a-919d-413861904646" and active eq true', true, true],
  ['externalId eq "701984"', true, false],
  ['emails.value eq "ada@example.com"', true, false],
  ['emails[type eq "work" and value eq "ada@example.com"]', true, false],
  ['emails[type eq "work"].value eq "ada@example.com" and active eq true', true, false],
  ['emails eq "ada@example.com"', true, false],
  ['emails.type eq "work"', false, false],
  ['emails[type eq "work"]', false, false],
  ['emails[type eq "work" or value eq "ada@example.com"]', false, false],
  ['not (emails.value eq "ada@example.com")', false, false],
  ['emails.value eq null', false, false],
  ['phoneNumbers.value eq "1"', false, false],
  ['userName eq null', false, false],
  ['externalId eq null', false, false],
  ['userName sw "ada"', false, false],
  ['userName eq "ada" or userName eq "bob"', false, false],
  ['not (userName eq "ada")', false, false],
  ['title eq "userName"', false, false],
] as const)('%s: a point read %s, of one resource %s', ([filter, isRead, isOne]) => {
  const list = listOf(filter)
  expect([isPointRead(list), isSingle(list)]).toEqual([isRead, isOne])
})

test('a page further back than the only resource has to be cut, so it is no list of one', () => {
  expect(isSingle(listOf('userName eq "ada"', 2))).toBe(false)
})
