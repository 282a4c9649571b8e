/** The rules of PATCH beyond its paths (RFC 7644 section 3.5.2): order, primary values, repeats, refusals, members. */

import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '#scim/json.ts'
import { applyPatch, sameData } from '#scim/patch/apply.ts'
import { maxElements } from '#scim/patch/elements.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import type { ChangedResource, MembershipStep } from '#scim/resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { schemaUrns } from '#scim/urns.ts'
import { refusal } from '#test/kit/refusal.ts'
import { patchBody } from '#test/kit/scim-requests.ts'

const enterprise = schemaUrns.enterpriseUser
const ada: JsonObject = { userName: 'ada', emails: [{ type: 'work', value: 'w', primary: true }] }

const patchUser = (data: JsonObject, ...operations: Json[]): ChangedResource =>
  applyPatch({ id: 'own', data }, parsePatch(patchBody(operations), userType).operations, userType)

const patchGroup = (...operations: Json[]): ChangedResource =>
  applyPatch(
    { id: 'own', data: { displayName: 'G' } },
    parsePatch(patchBody(operations), groupType).operations,
    groupType,
  )

const steps = (...operations: Json[]): readonly MembershipStep[] => patchGroup(...operations).membership

describe('operations', () => {
  // "Operations are applied sequentially in the order they appear in the array."
  test('are applied in order, each to the outcome of the one before', () => {
    const { data } = patchUser(
      ada,
      { op: 'remove', path: 'emails' },
      { op: 'add', path: 'emails', value: [{ type: 'home', value: 'h' }] },
      { op: 'replace', path: 'emails[type eq "home"].value', value: 'h2' },
    )
    expect(data['emails']).toEqual([{ type: 'home', value: 'h2' }])
  })

  // "A PATCH request, regardless of the number of operations, SHALL be treated as atomic."
  test('are refused as a whole when the last one fails', () => {
    const frozen = Object.freeze({ ...ada })
    const operations = [
      { op: 'replace', path: 'title', value: 'x' },
      { op: 'replace', path: 'emails[value eq "no"].type', value: 'x' },
    ]
    expect(() => patchUser(frozen, ...operations)).toThrow(refusal(400, 'noTarget'))
    expect(frozen).toEqual(ada)
  })

  // "If the target location already contains the value specified, no changes SHOULD be made"
  test('that add what is there change nothing, whatever the order of sub-attributes', () => {
    const { data } = patchUser(ada, {
      op: 'add',
      path: 'emails',
      value: [{ primary: true, value: 'w', type: 'work' }],
    })
    expect(sameData(data, ada)).toBe(true)
  })

  test('that add to a value that is there with the same type merge into it', () => {
    const { data } = patchUser(ada, {
      op: 'add',
      path: 'emails',
      value: [{ value: 'w', type: 'work', display: 'D' }],
    })
    expect(data['emails']).toEqual([{ type: 'work', value: 'w', primary: true, display: 'D' }])
  })
})

describe('a primary value', () => {
  // "SHALL cause the server to automatically set "primary" to "false" for any other values in the array"
  test('that is added takes the mark from the old one', () => {
    const { data } = patchUser(ada, { op: 'add', path: 'emails', value: [{ value: 'n', primary: true }] })
    expect(data['emails']).toEqual([
      { type: 'work', value: 'w', primary: false },
      { value: 'n', primary: true },
    ])
  })

  test('that is set by path takes the mark from the old one', () => {
    const two = {
      userName: 'a',
      emails: [
        { type: 'work', value: 'w', primary: true },
        { type: 'home', value: 'h' },
      ],
    }
    const { data } = patchUser(two, { op: 'replace', path: 'emails[type eq "home"].primary', value: 'True' })
    expect(data['emails']).toEqual([
      { type: 'work', value: 'w', primary: false },
      { type: 'home', value: 'h', primary: true },
    ])
  })

  // Atlassian ID-8027.
  test('hard spot 32: that is sent again stays as it is', () => {
    expect(
      patchUser(ada, { op: 'add', path: 'emails', value: [{ type: 'work', value: 'w', primary: true }] })
        .data,
    ).toEqual(ada)
  })

  test('that comes twice in one list is kept in the first place', () => {
    const value = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    expect(patchUser(ada, { op: 'replace', path: 'emails', value }).data['emails']).toEqual([
      { value: 'a', primary: true },
      { value: 'b', primary: false },
    ])
  })
})

test('a value without text of its own is the same as another whether it is primary or not', () => {
  const user = {
    userName: 'a',
    ims: [
      { type: 'qq', primary: false },
      { type: 'aim', value: 'x', primary: true },
    ],
  }
  const { data } = patchUser(user, { op: 'add', path: 'ims', value: [{ type: 'qq', primary: true }] })
  expect(data['ims']).toEqual([
    { type: 'qq', primary: true },
    { type: 'aim', value: 'x', primary: false },
  ])
})

describe('where nothing matches', () => {
  // Entra adds and replaces emails[type eq "work"].value for users that have none (SCIM-SDK #416).
  test.for(['add', 'Replace'])('%s makes a value of a canonical type', (op) => {
    const { data } = patchUser(
      { userName: 'a' },
      { op, path: 'phoneNumbers[type eq "mobile"].value', value: '+1' },
    )
    expect(data['phoneNumbers']).toEqual([{ type: 'mobile', value: '+1' }])
  })

  test('a whole value of a canonical type is made', () => {
    const { data } = patchUser(
      { userName: 'a' },
      { op: 'replace', path: 'addresses[type eq "work"]', value: { country: 'DE' } },
    )
    expect(data['addresses']).toEqual([{ type: 'work', country: 'DE' }])
  })

  // "no record match was made, the service provider SHALL indicate failure by returning … "noTarget""
  test.for([
    'value eq "x"',
    'type eq "work" and value pr',
    'type sw "w"',
    'type eq "no such type"',
    'not (type pr)',
  ])('anything else is refused as noTarget: emails[%s]', (filter) => {
    const user = { userName: 'a', emails: [{ type: 'home', value: 'h' }] }
    expect(() => patchUser(user, { op: 'replace', path: `emails[${filter}].display`, value: 'x' })).toThrow(
      refusal(400, 'noTarget'),
    )
    expect(() =>
      patchUser(user, { op: 'replace', path: `emails[${filter}]`, value: { value: 'x' } }),
    ).toThrow(refusal(400, 'noTarget'))
  })

  test('clearing what is not there is no change', () => {
    expect(patchUser(ada, { op: 'Replace', path: 'emails[type eq "home"].value', value: '' }).data).toEqual(
      ada,
    )
    expect(patchUser(ada, { op: 'remove', path: 'emails[type eq "home"].value' }).data).toEqual(ada)
  })
})

describe('unassigning', () => {
  test.for([{ value: null }, { value: '' }, { value: [] }])(
    'by $value is the same as removing',
    ({ value }) => {
      const user = { userName: 'a', title: 'T' }
      expect(patchUser(user, { op: 'replace', path: 'title', value }).data).toEqual({ userName: 'a' })
    },
  )

  test('the last attribute of an extension takes the extension along', () => {
    const user = { userName: 'a', [enterprise]: { department: 'D' } }
    expect(patchUser(user, { op: 'remove', path: `${enterprise}:department` }).data).toEqual({
      userName: 'a',
    })
  })

  test('hard spot 38: active leaves it unassigned and not at a default', () => {
    expect(patchUser({ userName: 'a', active: true }, { op: 'remove', path: 'active' }).data).toEqual({
      userName: 'a',
    })
  })

  test.for([{ value: '' }, { value: null }, { value: { value: '' } }, { value: [{ value: '' }] }])(
    'the manager by $value takes its reference along',
    ({ value }) => {
      const user = { userName: 'a', [enterprise]: { manager: { value: 'm', $ref: 'r' } } }
      expect(patchUser(user, { op: 'Add', path: `${enterprise}:manager`, value }).data).toEqual({
        userName: 'a',
      })
    },
  )

  // "If an attribute is removed … and is defined as a required attribute … "scimType" error code of "mutability""
  test('a required attribute is refused', () => {
    expect(() => patchUser(ada, { op: 'remove', path: 'userName' })).toThrow(refusal(400, 'mutability'))
    expect(() => patchGroup({ op: 'remove', path: 'displayName' })).toThrow(refusal(400, 'mutability'))
    expect(() => patchUser(ada, { op: 'replace', path: 'userName', value: '' })).toThrow(
      refusal(400, 'invalidValue'),
    )
    expect(() => patchGroup({ op: 'replace', value: { displayName: null } })).toThrow(
      refusal(400, 'invalidValue'),
    )
  })
})

describe('what nobody may write', () => {
  test.for([
    { op: 'replace', path: 'id', value: 'other' },
    { op: 'remove', path: 'id' },
    { op: 'replace', path: 'meta.created', value: '2011-05-13T04:42:34Z' },
    { op: 'remove', path: 'meta' },
    { op: 'add', path: 'groups', value: [{ value: 'g' }] },
    { op: 'replace', value: { id: 'other' } },
  ])('is refused as mutability: %j', (operation) => {
    expect(() => patchUser(ada, operation)).toThrow(refusal(400, 'mutability'))
  })

  // authentik #23950: a group PATCH that carries the group's own id stopped the synchronisation.
  test.for<JsonObject>([
    { op: 'replace', path: 'id', value: 'own' },
    { op: 'replace', value: { id: 'own', meta: { version: 'x' }, groups: [], schemas: ['x'] } },
    { op: 'add', path: 'schemas', value: [enterprise] },
    { op: 'replace', path: 'password', value: 'secret' },
    { op: 'replace', value: { password: 'secret' } },
  ])('is passed over when it changes nothing: %j', (operation) => {
    expect(patchUser(ada, operation)).toEqual({ data: ada, membership: [] })
  })
})

test('a list in the document has a limit, and a full one takes a thousand operations', () => {
  const emails = Array.from({ length: maxElements - 1 }, (_, index) => ({ value: `${index}@x` }))
  const adds = Array.from({ length: 1000 }, () => ({
    op: 'add',
    path: 'emails',
    value: [{ value: 'new@x' }],
  }))
  expect(patchUser({ userName: 'a', emails }, ...adds).data['emails']).toHaveLength(maxElements)
  const more = { op: 'add', path: 'emails', value: [{ value: 'a@x' }, { value: 'b@x' }] }
  expect(() => patchUser({ userName: 'a', emails }, more)).toThrow(refusal(400, 'invalidValue'))
})

describe('members', () => {
  test('of neighbouring operations are gathered into one step', () => {
    expect(
      steps(
        { op: 'add', path: 'members', value: [{ value: 'a' }] },
        { op: 'add', path: 'members', value: ['b', 'a'] },
        { op: 'remove', path: 'members[value eq "c" or value eq "d"]' },
        { op: 'Remove', path: 'members', value: [{ value: 'e' }] },
      ),
    ).toEqual([
      { kind: 'add', values: ['a', 'b'] },
      { kind: 'remove', values: ['c', 'd', 'e'] },
    ])
  })

  test('are replaced exactly, and the steps before are void', () => {
    expect(
      steps(
        { op: 'add', path: 'members', value: ['a'] },
        { op: 'replace', path: 'members', value: ['b', 'c'] },
        { op: 'add', path: 'members', value: ['d'] },
        { op: 'remove', path: 'members[value eq "b"]' },
      ),
    ).toEqual([{ kind: 'replace', values: ['c', 'd'] }])
  })

  test.for<JsonObject>([
    { op: 'remove', path: 'members' },
    { op: 'Remove', path: 'members', value: null },
    { op: 'replace', path: 'members', value: [] },
    { op: 'replace', path: 'members', value: null },
    { op: 'replace', value: { members: [] } },
  ])('are emptied by %j', (operation) => {
    expect(steps(operation)).toEqual([{ kind: 'replace', values: [] }])
  })

  test('are not touched by a removal that lists nobody, nor by a rename', () => {
    expect(steps({ op: 'Remove', path: 'members', value: [] })).toEqual([{ kind: 'remove', values: [] }])
    expect(patchGroup({ op: 'replace', value: { displayName: 'H' } })).toEqual({
      data: { displayName: 'H' },
      membership: [],
    })
  })

  // fleet #52600.
  test('hard spot 7, hard spot 13: need nothing but a value, and one that is missing does not fail the others', () => {
    const value = [
      { value: 'a', display: 'A', $ref: null, type: 'User' },
      { display: 'nobody' },
      '',
      { value: 'b', unknown: 1 },
    ]
    expect(steps({ op: 'add', path: 'members', value })).toEqual([{ kind: 'add', values: ['a', 'b'] }])
  })

  test('of a thousand operations are gathered in one pass', () => {
    const operations = Array.from({ length: 1000 }, (_, index) => ({
      op: 'add',
      path: 'members',
      value: Array.from({ length: 100 }, (_, member) => ({ value: `${index}-${member}` })),
    }))
    const [step, ...others] = steps(...operations)
    expect(others).toEqual([])
    expect(step?.kind === 'add' && step.values.length).toBe(100_000)
  })

  test('are removed by any filter, which is handed on', () => {
    expect(steps({ op: 'remove', path: 'members[type eq "User" and value ne "a"]' })).toMatchObject([
      { kind: 'removeMatching', filter: { kind: 'and' } },
    ])
  })

  test('keep their order with a removal by filter', () => {
    const kinds = steps(
      { op: 'add', path: 'members', value: ['a'] },
      { op: 'remove', path: 'members[type eq "User"]' },
      { op: 'add', path: 'members', value: ['b'] },
    ).map((step) => step.kind)
    expect(kinds).toEqual(['add', 'removeMatching', 'add'])
  })

  // RFC 7643 4.2: "value", "$ref" and "type" are immutable.
  test.for<JsonObject>([
    { op: 'replace', path: 'members[value eq "a"].value', value: 'b' },
    { op: 'replace', path: 'members[value eq "a"]', value: { value: 'b' } },
    { op: 'replace', path: 'members.value', value: 'b' },
    { op: 'remove', path: 'members[value eq "a"].type' },
    { op: 'replace', path: 'members[value eq "a"].display', value: 'b' },
    { op: 'add', path: 'members[type eq "User"]', value: { value: 'b' } },
  ])('cannot be changed in place: %j', (operation) => {
    expect(() => steps(operation)).toThrow(refusal(400, 'mutability'))
  })
})

test('documents are the same whatever the order of their names', () => {
  expect(sameData({ a: { b: 1, c: [1, 2] }, d: 2 }, { d: 2, a: { c: [1, 2], b: 1 } })).toBe(true)
  expect(sameData({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
  expect(sameData({ a: 1 }, { a: 1, b: 2 })).toBe(false)
  expect(sameData({ a: [] }, { a: {} })).toBe(false)
})
