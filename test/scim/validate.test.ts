/** Bodies of POST and PUT: what of them is kept, and what is refused (RFC 7644 sections 3.3 and 3.5.1). */

import { describe, expect, test } from 'vitest'
import { maxKeyBytes } from '#scim/requirements.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceData } from '#scim/resource.ts'
import { schemaUrns } from '#scim/urns.ts'
import { parseResource, replacementOf } from '#scim/validate.ts'
import { refusal } from '#test/kit/refusal.ts'

const enterprise = schemaUrns.enterpriseUser

const userData = (body: object): ResourceData => parseResource(body, userType).resource.data

describe('a resource', () => {
  // RFC 7643 2.1: "Attribute names are case insensitive"
  test('keeps its attributes under their canonical names', () => {
    expect(
      userData({ USERNAME: 'a', Name: { GIVENNAME: 'A' }, EMAILS: [{ Value: 'x', TYPE: 'work' }] }),
    ).toEqual({
      userName: 'a',
      name: { givenName: 'A' },
      emails: [{ value: 'x', type: 'work' }],
    })
  })

  // "groups": [] in a body was answered 400, so that no Okta user could be made.
  test('hard spot 34: has its read-only attributes ignored, and its password discarded', () => {
    const body = {
      id: 'x',
      schemas: ['y'],
      meta: { created: 5 },
      groups: [],
      userName: 'a',
      password: 'secret',
    }
    expect(userData(body)).toEqual({ userName: 'a' })
  })

  test('has unknown attributes and unknown schemas dropped', () => {
    const body = {
      userName: 'a',
      unknown: { deep: [1] },
      'urn:example:2.0:User': { x: 1 },
      name: { unknown: 1 },
    }
    expect(parseResource(body, userType)).toEqual({
      resource: { data: { userName: 'a' } },
      dialects: ['unknown-attribute', 'entra-unknown-schema'],
    })
  })

  // RFC 7643 2.5: null, an empty list and no attribute at all are the same.
  test('has nothing stored for what is null, empty or has only empty parts', () => {
    const body = {
      userName: 'a',
      title: null,
      nickName: '',
      emails: [],
      phoneNumbers: [{}, { value: '' }],
      name: { givenName: null },
      [enterprise]: { manager: { value: '' } },
    }
    expect(userData(body)).toEqual({ userName: 'a' })
  })

  test('keeps the first of two primary values', () => {
    const emails = [{ value: 'a' }, { value: 'b', primary: true }, { value: 'c', primary: true }]
    expect(userData({ userName: 'a', emails })['emails']).toEqual([
      { value: 'a' },
      { value: 'b', primary: true },
      { value: 'c', primary: false },
    ])
  })

  // RFC 7643 2.4: "Service providers SHOULD NOT return the same (type, value) combination more than once"
  test('keeps a value once for each type, in the order of the list', () => {
    const emails = [
      { value: 'a', type: 'work' },
      { value: 'a', type: 'home' },
      { value: 'a', type: 'work', display: 'A' },
    ]
    expect(userData({ userName: 'a', emails })['emails']).toEqual([
      { value: 'a', type: 'work', display: 'A' },
      { value: 'a', type: 'home' },
    ])
  })

  test.for([
    ['m1', { value: 'm1' }],
    [{ value: 'm1' }, { value: 'm1' }],
    [[{ $ref: null, value: 'm1' }], { value: 'm1' }],
    [{ managerId: 'm1' }, { value: 'm1' }],
    [
      { value: 'm1', displayName: 'Boss', $ref: '../Users/m1' },
      { value: 'm1', $ref: '../Users/m1' },
    ],
  ])('takes a manager in any of its shapes: %j', ([manager, expected]) => {
    expect(userData({ userName: 'a', [enterprise]: { manager } })[enterprise]).toEqual({ manager: expected })
  })

  test.for([
    'urn:scim:schemas:extension:enterprise:1.0',
    'urn:scim:schemas:extension:enterprise:2.0',
    enterprise.toUpperCase(),
  ])('has its extension understood under an older name: %s', (urn) => {
    expect(userData({ userName: 'a', [urn]: { department: 'D' } })).toEqual({
      userName: 'a',
      [enterprise]: { department: 'D' },
    })
  })

  test('comes through unchanged with long texts and any character that can be stored', () => {
    const text = 'é😀\u0001"\\'.repeat(200_000)
    expect(userData({ userName: 'a', title: text })['title']).toBe(text)
  })

  test('cannot reach the prototype of objects', () => {
    const body: object = JSON.parse(
      '{"userName":"a","__proto__":{"polluted":1},"name":{"__proto__":{"polluted":1},"givenName":"A"}}',
    )
    const data = userData(body)
    expect(data).toEqual({ userName: 'a', name: { givenName: 'A' } })
    expect({}).not.toHaveProperty('polluted')
    expect(data['name']).not.toHaveProperty('polluted')
  })

  test('has members as values in order, each once, apart from its document', () => {
    const body = { displayName: 'G', members: [{ value: 'b' }, 'a', { value: 'b', display: 'B' }] }
    expect(parseResource(body, groupType).resource).toEqual({
      data: { displayName: 'G' },
      members: ['b', 'a'],
    })
    expect(parseResource({ displayName: 'G', members: [] }, groupType).resource.members).toEqual([])
    expect(parseResource({ displayName: 'G' }, groupType).resource).not.toHaveProperty('members')
  })
})

describe('a resource is refused', () => {
  test.for<[unknown, string]>([
    [null, 'invalidSyntax'],
    [[], 'invalidSyntax'],
    ['x', 'invalidSyntax'],
    [undefined, 'invalidSyntax'],
    [{}, 'invalidValue'],
    [{ userName: '' }, 'invalidValue'],
    [{ userName: null }, 'invalidValue'],
    [{ userName: 5 }, 'invalidValue'],
    [{ userName: ['a', 'b'] }, 'invalidValue'],
    [{ userName: 'a', active: 'maybe' }, 'invalidValue'],
    [{ userName: 'a', name: 'Ada' }, 'invalidValue'],
    [{ userName: 'a', emails: [5] }, 'invalidValue'],
    [{ userName: 'a', emails: [{ primary: 1 }] }, 'invalidValue'],
    [{ userName: 'a', [enterprise]: 'x' }, 'invalidValue'],
    [{ userName: 'a', title: 'NUL \0' }, 'invalidValue'],
    [{ userName: 'a', title: 'half \ud800' }, 'invalidValue'],
    [{ userName: 'a', emails: [{ value: '\0' }] }, 'invalidValue'],
  ])('when it cannot be understood or stored: %j is %s', ([body, scimType]) => {
    expect(() => parseResource(body, userType)).toThrow(refusal(400, scimType))
  })

  test('when a value that is looked up by index is too long for one, after folding too', () => {
    const long = 'x'.repeat(maxKeyBytes)
    const ligature = '\u{FDFA}'.repeat(maxKeyBytes / 3 - 1)
    expect(userData({ userName: long })).toEqual({ userName: long })
    expect(() => userData({ userName: `${long}x` })).toThrow(refusal(400, 'invalidValue'))
    expect(() => userData({ userName: ligature })).toThrow(refusal(400, 'invalidValue'))
    expect(() => userData({ userName: 'a', externalId: `${long}x` })).toThrow(refusal(400, 'invalidValue'))
    expect(() => userData({ userName: 'a', emails: [{ value: `${long}x` }] })).toThrow(
      refusal(400, 'invalidValue'),
    )
    expect(() => parseResource({ displayName: 'G', members: [`${long}x`] }, groupType)).toThrow(
      refusal(400, 'invalidValue'),
    )
  })
})

describe('a replacement', () => {
  const current = { id: 'u', data: { userName: 'a', active: false, title: 'T' } }

  // A PUT without active flipped the state.
  test('hard spot 17: keeps active when the body does not name it, and nothing else', () => {
    expect(parseResource({ userName: 'a' }, userType, current).resource.data).toEqual({
      userName: 'a',
      active: false,
    })
    expect(parseResource({ userName: 'a', active: 'True' }, userType, current).resource.data).toEqual({
      userName: 'a',
      active: true,
    })
    expect(parseResource({ userName: 'a', active: null }, userType, current).resource.data).toEqual({
      userName: 'a',
    })
  })

  // RFC 7644 3.5.1: attributes that are omitted may be cleared.
  test('clears the members that it does not name', () => {
    expect(replacementOf({ data: { displayName: 'G' } }, groupType).membership).toEqual([
      { kind: 'replace', values: [] },
    ])
    expect(replacementOf({ data: { displayName: 'G' }, members: ['a'] }, groupType).membership).toEqual([
      { kind: 'replace', values: ['a'] },
    ])
    expect(replacementOf({ data: { userName: 'a' } }, userType).membership).toEqual([])
  })
})
