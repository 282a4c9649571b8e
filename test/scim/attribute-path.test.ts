/** Attribute paths and what they mean (RFC 7644 section 3.10). */

import { expect, test } from 'vitest'
import { parseAttributePath, pathOf, resolveAttribute } from '#scim/attribute-path.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { schemaUrns } from '#scim/urns.ts'

const enterprise = schemaUrns.enterpriseUser

test.for([
  ['userName', { name: 'userName' }],
  ['name.givenName', { name: 'name', subName: 'givenName' }],
  ['members.$ref', { name: 'members', subName: '$ref' }],
  [`${enterprise}:manager.value`, { urn: enterprise, name: 'manager', subName: 'value' }],
  ['urn:a:b', { urn: 'urn:a', name: 'b' }],
  ['a.b.c', undefined],
  ['a b', undefined],
  ['', undefined],
  ['.a', undefined],
  ['5a', undefined],
  ['urn:a:', undefined],
] as const)('the parts of %j are %j', ([text, expected]) => {
  expect(parseAttributePath(text)).toEqual(expected)
})

test.for([
  ['USERNAME', 'userName'],
  ['Name.GivenName', 'name.givenName'],
  ['META.lastmodified', 'meta.lastModified'],
  [`${schemaUrns.user}:userName`, 'userName'],
  [`${schemaUrns.user}:externalId`, 'externalId'],
  ['urn:scim:schemas:core:1.0:userName', 'userName'],
  [`${enterprise}:Department`, `${enterprise}:department`],
  [`${enterprise.toLowerCase()}:manager.value`, `${enterprise}:manager.value`],
  ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:department', `${enterprise}:department`],
  ['urn:scim:schemas:extension:enterprise:1.0:manager', `${enterprise}:manager`],
  ['manager', `${enterprise}:manager`],
  ['department', `${enterprise}:department`],
])('%s means %s', ([text, expected]) => {
  const reference = resolveAttribute(text!, userType)
  expect(reference && pathOf(reference)).toBe(expected)
})

test.for([
  'members',
  'unknown',
  'name.unknown',
  'userName.value',
  `${enterprise}:userName`,
  `${schemaUrns.group}:displayName`,
  enterprise,
  '__proto__',
  'constructor',
])('a user has no %s', (text) => {
  expect(resolveAttribute(text, userType)).toBeUndefined()
})

test('a group has no attribute of users', () => {
  expect(resolveAttribute('userName', groupType)).toBeUndefined()
  expect(resolveAttribute('department', groupType)).toBeUndefined()
})
