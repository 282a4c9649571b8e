/** A user as the product shows it. */

import { expect, test } from 'vitest'
import type { JsonObject } from '#scim/json.ts'
import { productUser } from '#scim/product-view.ts'
import type { ProductUser } from '#scim/product-view.ts'
import { schemaUrns } from '#scim/urns.ts'

const shown = (data: JsonObject): ProductUser =>
  productUser({
    id: 'u',
    type: 'User',
    json: JSON.stringify({ userName: 'ada', ...data }),
    version: 1,
    created: new Date(0),
    lastModified: new Date(0),
  })

test('K5: the product shows the few attributes that it uses', () => {
  const data = {
    displayName: 'Ada',
    title: 'T',
    externalId: 'x',
    active: true,
    nickName: 'not used',
    [schemaUrns.enterpriseUser]: { department: 'D', division: 'not used' },
  }
  expect(shown(data)).toEqual({
    id: 'u',
    userName: 'ada',
    displayName: 'Ada',
    email: null,
    title: 'T',
    department: 'D',
    active: true,
    archived: false,
    incomplete: false,
    externalId: 'x',
  })
})

test.for<[JsonObject, string, boolean]>([
  [{ displayName: 'D', name: { formatted: 'F' } }, 'D', false],
  [{ name: { formatted: 'F', givenName: 'G' } }, 'F', false],
  [{ name: { givenName: 'G', familyName: 'N' } }, 'G N', false],
  [{ name: { familyName: 'N' } }, 'N', false],
  [{ displayName: ' ' }, 'ada', true],
  [{}, 'ada', true],
])('K6: the display name of %j is %s', ([data, displayName, incomplete]) => {
  expect(shown(data)).toMatchObject({ displayName, incomplete })
})

test('K7: the e-mail is the first in the list, not the primary one and not the one for work', () => {
  const emails = [
    { type: 'home' },
    { value: 'first@x', type: 'home' },
    { value: 'second@x', type: 'work', primary: true },
  ]
  expect(shown({ emails }).email).toBe('first@x')
  expect(shown({ emails: emails.toReversed() }).email).toBe('second@x')
})

test('K8: a user is archived when active is false, and active when it is not assigned', () => {
  expect(shown({ active: false })).toMatchObject({ active: false, archived: true })
  expect(shown({})).toMatchObject({ active: true, archived: false })
})
