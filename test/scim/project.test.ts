/** Resources on the wire: both ways of rendering, schemas, meta, references, and what a projection leaves. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '#scim/json.ts'
import {
  needsMembers,
  needsMemberships,
  parseData,
  parseProjection,
  render,
  renderObject,
} from '#scim/project.ts'
import { renderPieces } from '#scim/render-pieces.ts'
import type { Member, StoredResource } from '#scim/resource.ts'
import { groupType, resourceTypes, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { schemaUrns } from '#scim/urns.ts'
import { allOf } from '#test/kit/all-of.ts'
import { refusal } from '#test/kit/refusal.ts'
import { arbitrarySubject } from '#test/kit/scim-arbitraries.ts'

const baseURL = 'https://acme.example.com/scim/v2'

const stored = (data: JsonObject, more: Partial<StoredResource> = {}): StoredResource => ({
  id: 'a1',
  type: 'User',
  json: JSON.stringify(data),
  version: 3,
  created: new Date('2026-01-02T03:04:05.006Z'),
  lastModified: new Date('2026-02-03T04:05:06.007Z'),
  ...more,
})

const rendered = (
  resource: StoredResource,
  type: ResourceType,
  attributes?: string,
  excluded?: string,
): JsonObject => parseData(render(resource, type, parseProjection(attributes, excluded, type), baseURL))

const ada = stored({
  userName: 'ada',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ type: 'work', value: 'ada@example.com' }, { value: 'a@example.org' }],
  [schemaUrns.enterpriseUser]: { department: 'Engines', manager: { value: 'm' } },
})

describe.each(resourceTypes)('rendering of $name', (type) => {
  const projections = fc.constantFrom(
    [undefined, undefined],
    [undefined, 'members,groups'],
    [undefined, 'emails.type,displayName,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
    ['userName,members.value,meta.version,manager', undefined],
  )

  test('the text that passes the document through says the same as the one made from the parsed document', () => {
    fc.assert(
      fc.property(
        arbitrarySubject(type),
        projections,
        fc.boolean(),
        (subject, [attributes, excluded], isSpaced) => {
          // Postgres prints jsonb with a space after each colon and comma of its own.
          const json = isSpaced ? JSON.stringify(subject.data, undefined, 1) : JSON.stringify(subject.data)
          const resource = { ...subject, json }
          const projection = parseProjection(attributes, excluded, type)
          const text = render(resource, type, projection, baseURL)
          expect(JSON.parse(text)).toEqual(structuredClone(renderObject(resource, type, projection, baseURL)))
        },
      ),
    )
  })
})

// RFC 7643 3.1: common attributes; RFC 7644 3.14: "ETag"
test('a resource shows its schemas, id, document and meta', () => {
  expect(rendered(ada, userType)).toEqual({
    schemas: [schemaUrns.user, schemaUrns.enterpriseUser],
    id: 'a1',
    ...parseData(ada.json),
    meta: {
      resourceType: 'User',
      created: '2026-01-02T03:04:05.006Z',
      lastModified: '2026-02-03T04:05:06.007Z',
      location: `${baseURL}/Users/a1`,
      version: 'W/"3"',
    },
  })
})

test('an extension is listed in schemas when the document has it and not when a value only looks like it', () => {
  const tricky = stored({ userName: `{"${schemaUrns.enterpriseUser}": {`, title: schemaUrns.enterpriseUser })
  expect(rendered(tricky, userType)['schemas']).toEqual([schemaUrns.user])
  expect(rendered(ada, userType)['schemas']).toEqual([schemaUrns.user, schemaUrns.enterpriseUser])
})

test('members and groups carry a $ref that answers under the base of the request', () => {
  const group = stored(
    { displayName: 'G' },
    {
      type: 'Group',
      members: [
        { value: 'u1', type: 'User', display: 'U' },
        { value: 'g2', type: 'Group' },
      ],
    },
  )
  expect(rendered(group, groupType)['members']).toEqual([
    { value: 'u1', $ref: `${baseURL}/Users/u1`, type: 'User', display: 'U' },
    { value: 'g2', $ref: `${baseURL}/Groups/g2`, type: 'Group' },
  ])
  const user = stored({ userName: 'u' }, { groups: [{ value: 'g2', type: 'direct', display: 'G' }] })
  expect(rendered(user, userType)['groups']).toEqual([
    { value: 'g2', $ref: `${baseURL}/Groups/g2`, type: 'direct', display: 'G' },
  ])
})

test('no members are the same as no attribute', () => {
  expect(
    rendered(stored({ displayName: 'G' }, { type: 'Group', members: [] }), groupType),
  ).not.toHaveProperty('members')
})

// RFC 7643 7: "always  The attribute is always returned, regardless of the contents of the "attributes" parameter."
test('attributes shows what is named, whatever its case, with id and schemas always', () => {
  const urn = schemaUrns.enterpriseUser
  expect(rendered(ada, userType, 'USERNAME,emails.value,name.GivenName,unknown')).toEqual({
    schemas: [schemaUrns.user, urn],
    id: 'a1',
    userName: 'ada',
    name: { givenName: 'Ada' },
    emails: [{ value: 'ada@example.com' }, { value: 'a@example.org' }],
  })
  expect(rendered(ada, userType, `${urn}:department`)).toMatchObject({ [urn]: { department: 'Engines' } })
  expect(rendered(ada, userType, `${urn}:department`)[urn]).not.toHaveProperty('manager')
  expect(rendered(ada, userType, urn)[urn]).toEqual({ department: 'Engines', manager: { value: 'm' } })
  expect(rendered(ada, userType, `${schemaUrns.user}:userName`)).toHaveProperty('userName', 'ada')
})

test('excludedAttributes hides what is named, but never id and schemas', () => {
  const shown = rendered(ada, userType, undefined, 'id,schemas,name,emails.type,meta.location,manager')
  expect(Object.keys(shown)).toEqual([
    'schemas',
    'id',
    'userName',
    'emails',
    schemaUrns.enterpriseUser,
    'meta',
  ])
  expect(shown['emails']).toEqual([{ value: 'ada@example.com' }, { value: 'a@example.org' }])
  expect(shown['meta']).not.toHaveProperty('location')
  expect(shown[schemaUrns.enterpriseUser]).toEqual({ department: 'Engines' })
})

test('naming an attribute and a part of it means the whole attribute', () => {
  for (const names of ['name,name.givenName', 'name.givenName,name']) {
    expect(rendered(ada, userType, names)['name']).toEqual({ givenName: 'Ada', familyName: 'Lovelace' })
    expect(rendered(ada, userType, undefined, names)).not.toHaveProperty('name')
  }
})

test('an attribute whose parts are all hidden is not shown as an empty one', () => {
  expect(rendered(ada, userType, undefined, 'name.givenName,name.familyName')).not.toHaveProperty('name')
  expect(rendered(ada, userType, 'emails.display')).not.toHaveProperty('emails')
})

test('attributes and excludedAttributes together are refused', () => {
  expect(() => parseProjection('userName', 'emails', userType)).toThrow(refusal(400, 'invalidValue'))
})

// Microsoft Entra reads groups with excludedAttributes=members and never wants them.
test('members and groups are only needed where they are shown', () => {
  expect(needsMembers(parseProjection(undefined, undefined, groupType), groupType)).toBe(true)
  expect(needsMembers(parseProjection(undefined, 'members', groupType), groupType)).toBe(false)
  expect(needsMembers(parseProjection(undefined, 'members.display', groupType), groupType)).toBe(true)
  expect(needsMembers(parseProjection('displayName', undefined, groupType), groupType)).toBe(false)
  expect(needsMembers(parseProjection('members.value', undefined, groupType), groupType)).toBe(true)
  expect(needsMembers(parseProjection(undefined, undefined, userType), userType)).toBe(false)
  expect(needsMemberships(parseProjection('id', undefined, userType), userType)).toBe(false)
  expect(needsMemberships(parseProjection(undefined, '', userType), userType)).toBe(true)
})

describe('a resource with many members, in pieces', () => {
  const group = stored({ displayName: 'All' }, { type: 'Group' })
  const members = ['a', 'b', 'c', 'd', 'e'].map((value) => ({
    value,
    type: 'User',
    display: `Person ${value}`,
  }))
  async function* batchesOf(size: number): AsyncGenerator<readonly Member[]> {
    for (let at = 0; at < members.length; at += size) yield members.slice(at, at + size)
  }

  test.for([
    [undefined, undefined],
    ['displayName,members.value', undefined],
    [undefined, 'members.$ref,displayName'],
    [undefined, 'members.value,members.$ref,members.display,members.type'],
  ] as const)('says the same as in one text: %j', async ([attributes, excluded]) => {
    const projection = parseProjection(attributes, excluded, groupType)
    const whole = parseData(render({ ...group, members }, groupType, projection, baseURL))
    for (const size of [1, 2, 5, 100]) {
      const how = { type: groupType, projection, baseURL }
      const pieces = await allOf(renderPieces(group, batchesOf(size), how))
      expect(parseData(pieces.join(''))).toEqual(whole)
    }
  })
})
