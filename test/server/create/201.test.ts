import { describe, expect, test } from 'vitest'

import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

describe('a created resource', () => {
  // RFC 7644 3.3: "the service provider SHALL set the "Location" header … and return 201 with a representation".
  test('C1: is answered with its whole representation, its location and its version', async () => {
    const reply = await used.tenant.post(
      '/Users',
      aUser('Ada@Example.com', {
        externalId: '00u1',
        name: { givenName: 'Ada', familyName: 'Løvelace' },
        emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
        [urns.enterprise]: { department: 'Analytics' },
      }),
    )
    expect(reply.status).toBe(201)
    expect(reply.headers['content-type']).toBe('application/scim+json')
    expect(reply.headers['content-length']).toBe(String(Buffer.byteLength(reply.text)))
    const location = `${used.tenant.baseURL}/Users/${reply.body.id}`
    expect(reply.headers.location).toBe(location)
    expect(reply.headers.etag).toBe(reply.body.meta.version)
    expect(reply.body).toEqual({
      schemas: [urns.user, urns.enterprise],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      externalId: '00u1',
      userName: 'Ada@Example.com',
      active: true,
      name: { givenName: 'Ada', familyName: 'Løvelace' },
      emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
      [urns.enterprise]: { department: 'Analytics' },
      meta: {
        resourceType: 'User',
        created: expect.stringMatching(/^\d{4}-.*Z$/),
        lastModified: reply.body.meta.created,
        location,
        version: 'W/"1"',
      },
    })
    expect((await used.tenant.get(`/Users/${reply.body.id}`)).body).toEqual(reply.body)
  })

  // "groups": [] or another read-only attribute answered 400 made every Okta user impossible.
  test('R2, R8, hard spot 34: takes no read-only attribute from the client and never shows a password', async () => {
    const reply = await used.tenant.post('/Users', {
      ...aUser('readonly@example.com'),
      id: 'mine',
      groups: [],
      meta: { resourceType: 'Robot', created: 'yesterday' },
      password: 'hunter2',
    })
    expect(reply.status).toBe(201)
    expect(reply.body.id).not.toBe('mine')
    expect(reply.body.meta.resourceType).toBe('User')
    expect(reply.text).not.toContain('hunter2')
    expect(JSON.stringify(used.server.log)).not.toContain('hunter2')
  })

  test('C4, hard spot 22: may be inactive from the start', async () => {
    const reply = await used.tenant.post('/Users', { userName: 'inactive@example.com', active: false })
    expect(reply.body.active).toBe(false)
  })

  test('S4: shows only the attributes that were asked for', async () => {
    const few = await used.tenant.post(
      '/Users?attributes=userName',
      aUser('few@example.com', { title: 'Dr' }),
    )
    expect(Object.keys(few.body).toSorted()).toEqual(['id', 'schemas', 'userName'])
    const without = await used.tenant.post(
      '/Users?excludedattributes=title,meta',
      aUser('without@example.com', { title: 'Dr' }),
    )
    expect(without.body).not.toHaveProperty('title')
    expect(without.body).not.toHaveProperty('meta')
  })

  test('D10: keeps text in any language and odd characters exactly', async () => {
    const displayName = '\u{1F680} İstanbul "ß" \\ % _ \' ; -- \u0301 𐍈'
    const reply = await used.tenant.post('/Users', aUser('odd@example.com', { displayName }))
    expect((await used.tenant.get(`/Users/${reply.body.id}`)).body.displayName).toBe(displayName)
  })

  test('with members shows those that exist; the others wait and join when they appear', async () => {
    const known = await used.tenant.create('/Users', aUser('member@example.com', { displayName: 'Known' }))
    const reply = await used.tenant.post('/Groups', aGroup('Crew', [known, 'not-here-yet']))
    expect(reply.status).toBe(201)
    expect(reply.body.members).toEqual([
      { value: known, $ref: `${used.tenant.baseURL}/Users/${known}`, type: 'User', display: 'Known' },
    ])
    const late = await used.tenant.create('/Users', aUser('late@example.com', { externalId: 'not-here-yet' }))
    const seen = await used.tenant.get(`/Groups/${reply.body.id}`)
    expect(seen.body.members.map((member: { value: string }) => member.value)).toEqual([known, late])
  })

  test('that a group has waited for shows the group at once', async () => {
    const group = await used.tenant.create('/Groups', aGroup('Waiting', ['awaited-1']))
    const reply = await used.tenant.post('/Users', aUser('awaited@example.com', { externalId: 'awaited-1' }))
    expect(reply.status).toBe(201)
    expect(reply.body.groups).toEqual([
      { value: group, $ref: `${used.tenant.baseURL}/Groups/${group}`, display: 'Waiting', type: 'direct' },
    ])
    expect((await used.tenant.get(`/Users/${reply.body.id}`)).body).toEqual(reply.body)
  })

  test('has its tenant evaluated soon: a job waits for the worker', async () => {
    const tenant = await used.server.newTenant()
    await tenant.create('/Users', aUser('evaluate@example.com'))
    await expect.poll(() => used.server.waitingEvaluations()).toContain(tenant.id)
  })
})
