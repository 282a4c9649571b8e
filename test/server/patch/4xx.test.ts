import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
let user = ''
let group = ''

beforeAll(async () => {
  user = await used.tenant.create('/Users', aUser('refused@example.com', { title: 'Dr' }))
  group = await used.tenant.create('/Groups', aGroup('Refused', [user]))
})

describe('a PATCH that is refused', () => {
  test.for([
    ['no operations', 'invalidValue', []],
    ['an unknown operation', 'invalidSyntax', [{ op: 'move', path: 'title', value: 'x' }]],
    ['a remove without a path', 'noTarget', [{ op: 'remove' }]],
    ['a path with wrong syntax', 'invalidPath', [{ op: 'replace', path: 'emails[type eq', value: 'x' }]],
    ['the removal of what is required', 'mutability', [{ op: 'remove', path: 'userName' }]],
    ['another id', 'mutability', [{ op: 'replace', path: 'id', value: 'x' }]],
    ['read-only attributes', 'mutability', [{ op: 'add', path: 'groups', value: [{ value: 'x' }] }]],
    ['a value of the wrong type', 'invalidValue', [{ op: 'replace', path: 'active', value: 'perhaps' }]],
    [
      'a selection that matches nothing',
      'noTarget',
      [{ op: 'replace', path: 'emails[value eq "x"].type', value: 'work' }],
    ],
  ] as const)('%s: %s, and nothing has happened', async ([, scimType, operations]) => {
    const before = (await used.tenant.get(`/Users/${user}`)).body
    const all = [{ op: 'replace', path: 'title', value: 'Half done' }, ...operations]
    const body = operations.length === 0 ? aPatch() : aPatch(...all)
    expect(await used.tenant.patch(`/Users/${user}`, body)).toEqual(scimError(400, scimType))
    expect((await used.tenant.get(`/Users/${user}`)).body).toEqual(before)
  })

  test('in the middle of a change of members takes that back too', async () => {
    const before = (await used.tenant.get(`/Groups/${group}`)).body
    const taken = await used.tenant.post('/Groups', aGroup('Taken name'))
    expect(taken.status).toBe(201)
    const reply = await used.tenant.patch(
      `/Groups/${group}`,
      aPatch({ op: 'remove', path: 'members' }, { op: 'replace', path: 'displayName', value: 'taken NAME' }),
    )
    expect(reply).toEqual(scimError(409, 'uniqueness'))
    expect((await used.tenant.get(`/Groups/${group}`)).body).toEqual(before)
  })

  test('unknown ids are 404, whatever the PATCH is about', async () => {
    const never = '01a203d3-ea8a-79a9-b1f1-6c436d742113'
    for (const id of [never, 'nobody', '%00']) {
      expect(await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'remove', path: 'title' }))).toEqual(
        scimError(404),
      )
      const add = aPatch({ op: 'add', path: 'members', value: [{ value: user }] })
      expect(await used.tenant.patch(`/Groups/${id}`, add)).toEqual(scimError(404))
    }
  })

  test('under another version it is 412, for members as for attributes', async () => {
    for (const [path, operation] of [
      [`/Users/${user}`, { op: 'replace', path: 'title', value: 'Stale' }],
      [`/Groups/${group}`, { op: 'remove', path: 'members' }],
    ] as const) {
      const headers = { 'if-match': 'W/"77"' }
      expect(await used.tenant.send('PATCH', path, { body: aPatch(operation), headers })).toEqual(
        scimError(412),
      )
    }
    expect((await used.tenant.get(`/Groups/${group}`)).body.members).toHaveLength(1)
  })

  test('an unknown attribute is ignored, unless the integration is strict', async () => {
    const unknown = aPatch({ op: 'replace', path: 'shoeSize', value: 44 })
    expect((await used.tenant.patch(`/Users/${user}`, unknown)).status).toBe(200)
    const strict = await used.server.newTenant({ settings: { compatibility: { strictness: 'Strict' } } })
    const id = await strict.create('/Users', aUser('strict@example.com'))
    expect(await strict.patch(`/Users/${id}`, unknown)).toEqual(scimError(400, 'invalidPath'))
  })

  test('more than a thousand operations are 413', async () => {
    const many = Array.from({ length: 1001 }, () => ({ op: 'remove', path: 'title' }))
    expect(await used.tenant.patch(`/Users/${user}`, aPatch(...many))).toEqual(scimError(413))
  })
})
