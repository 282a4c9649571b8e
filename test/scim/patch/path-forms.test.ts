/** Every form of a PATCH path times add, replace and remove (RFC 7644 section 3.5.2). */

import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '#scim/json.ts'
import { applyPatch } from '#scim/patch/apply.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import { userType } from '#scim/resource-types.ts'
import { schemaUrns } from '#scim/urns.ts'
import { patchBody } from '#test/kit/scim-requests.ts'

const enterprise = schemaUrns.enterpriseUser
const work = { type: 'work', value: 'w@example.com' }
const home = { type: 'home', value: 'h@example.com' }

const before: JsonObject = {
  userName: 'ada',
  title: 'Countess',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [work, home],
  [enterprise]: { department: 'Engines', manager: { value: 'm1', $ref: '../Users/m1' } },
}

/** What the operation leaves of the attributes above; others, and those that are gone, are named by the change. */
type Row = readonly [
  op: string,
  path: string | undefined,
  value: Json | undefined,
  change: JsonObject,
  gone?: string,
]

const rows: readonly Row[] = [
  // attr
  ['add', 'title', 'Analyst', { title: 'Analyst' }],
  ['replace', 'title', 'Analyst', { title: 'Analyst' }],
  ['remove', 'title', undefined, {}, 'title'],
  ['add', 'nickName', 'A', { nickName: 'A' }],
  ['replace', 'nickName', 'A', { nickName: 'A' }],
  ['remove', 'nickName', undefined, {}],
  [
    'add',
    'name',
    { middleName: 'K' },
    { name: { givenName: 'Ada', familyName: 'Lovelace', middleName: 'K' } },
  ],
  ['replace', 'name', { givenName: 'A', familyName: null }, { name: { givenName: 'A' } }],
  ['remove', 'name', undefined, {}, 'name'],
  ['add', 'emails', [{ value: 'n@example.com' }], { emails: [work, home, { value: 'n@example.com' }] }],
  ['replace', 'emails', [{ value: 'n@example.com' }], { emails: [{ value: 'n@example.com' }] }],
  ['replace', 'emails', [], {}, 'emails'],
  ['remove', 'emails', undefined, {}, 'emails'],
  ['remove', 'emails', [{ value: 'w@example.com' }], { emails: [home] }],
  // attr.sub
  ['add', 'name.givenName', 'A', { name: { givenName: 'A', familyName: 'Lovelace' } }],
  [
    'replace',
    'name.middleName',
    'K',
    { name: { givenName: 'Ada', familyName: 'Lovelace', middleName: 'K' } },
  ],
  ['remove', 'name.givenName', undefined, { name: { familyName: 'Lovelace' } }],
  [
    'replace',
    'emails.display',
    'D',
    {
      emails: [
        { ...work, display: 'D' },
        { ...home, display: 'D' },
      ],
    },
  ],
  ['add', 'phoneNumbers.value', '+1', { phoneNumbers: [{ value: '+1' }] }],
  ['remove', 'emails.type', undefined, { emails: [{ value: work.value }, { value: home.value }] }],
  // attr[filter]
  ['add', 'emails[type eq "work"]', { display: 'W' }, { emails: [{ ...work, display: 'W' }, home] }],
  ['replace', 'emails[type eq "work"]', { value: 'x' }, { emails: [{ type: 'work', value: 'x' }, home] }],
  ['replace', 'emails[value ew "com"]', { value: 'x' }, { emails: [{ value: 'x' }] }],
  ['remove', 'emails[type eq "work"]', undefined, { emails: [home] }],
  ['remove', 'emails[type pr]', undefined, {}, 'emails'],
  ['remove', 'emails[type eq "other"]', undefined, {}],
  // attr[filter].sub
  ['add', 'emails[type eq "work"].display', 'W', { emails: [{ ...work, display: 'W' }, home] }],
  [
    'replace',
    'emails[type pr].display',
    'D',
    {
      emails: [
        { ...work, display: 'D' },
        { ...home, display: 'D' },
      ],
    },
  ],
  ['remove', 'emails[type eq "work"].type', undefined, { emails: [{ value: work.value }, home] }],
  ['remove', 'emails[type eq "other"].type', undefined, {}],
  // URN:attr, URN:attr.sub, URN, and the core URN
  ['add', `${enterprise}:costCenter`, 'C', ext({ costCenter: 'C' })],
  ['replace', `${enterprise}:department`, 'D', ext({ department: 'D' })],
  ['remove', `${enterprise}:manager`, undefined, { [enterprise]: { department: 'Engines' } }],
  ['add', `${enterprise}:manager.value`, 'm2', ext({ manager: { value: 'm2' } })],
  ['replace', `${enterprise}:manager.$ref`, 'x', ext({ manager: { value: 'm1', $ref: 'x' } })],
  ['remove', `${enterprise}:manager.$ref`, undefined, ext({ manager: { value: 'm1' } })],
  ['add', enterprise, { costCenter: 'C' }, ext({ costCenter: 'C' })],
  ['replace', enterprise, { department: 'D', division: 'V' }, ext({ department: 'D', division: 'V' })],
  ['remove', enterprise, undefined, {}, enterprise],
  ['replace', `${schemaUrns.user}:title`, 'Analyst', { title: 'Analyst' }],
  ['remove', `${schemaUrns.user}:name.givenName`, undefined, { name: { familyName: 'Lovelace' } }],
  [
    'replace',
    `${schemaUrns.user}:emails[type eq "work"].value`,
    'x',
    { emails: [{ type: 'work', value: 'x' }, home] },
  ],
  ['add', schemaUrns.user, { title: 'Analyst' }, { title: 'Analyst' }],
  // no path
  [
    'add',
    undefined,
    { title: 'Analyst', emails: [{ value: 'n' }] },
    { title: 'Analyst', emails: [work, home, { value: 'n' }] },
  ],
  ['replace', undefined, { title: 'Analyst', emails: [home] }, { title: 'Analyst', emails: [home] }],
  [
    'replace',
    undefined,
    { 'name.givenName': 'A', [`${enterprise}:department`]: 'D' },
    { name: { givenName: 'A', familyName: 'Lovelace' }, ...ext({ department: 'D' }) },
  ],
  ['replace', undefined, { [enterprise]: { department: 'D' } }, ext({ department: 'D' })],
  ['replace', undefined, { [enterprise]: null }, {}, enterprise],
  [
    'replace',
    undefined,
    { 'emails[type eq "work"].value': 'x' },
    { emails: [{ type: 'work', value: 'x' }, home] },
  ],
]

function ext(change: JsonObject): JsonObject {
  return { [enterprise]: { department: 'Engines', manager: { value: 'm1', $ref: '../Users/m1' }, ...change } }
}

describe('a path means the same in every form', () => {
  test.for(rows)('%s %s %j', ([op, path, value, change, gone]) => {
    const operation = {
      op,
      ...(path === undefined ? {} : { path }),
      ...(value === undefined ? {} : { value }),
    }
    const body = patchBody([operation])
    const { operations } = parsePatch(body, userType)
    const expected = Object.fromEntries(
      Object.entries({ ...before, ...change }).filter(([name]) => name !== gone),
    )
    expect(applyPatch({ id: 'own', data: before }, operations, userType).data).toEqual(expected)
  })
})
