import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
let user = ''
let group = ''

beforeAll(async () => {
  user = await used.tenant.create(
    '/Users',
    aUser('read@example.com', {
      displayName: 'Reader',
      name: { givenName: 'Re', familyName: 'Ader' },
      emails: [{ value: 'read@example.com', type: 'work' }],
      [urns.enterprise]: { department: 'Library' },
    }),
  )
  group = await used.tenant.create('/Groups', aGroup('Readers', [user]))
})

describe('reading one resource', () => {
  test('R9: a user shows its groups, a group its members, each with a reference that can be followed', async () => {
    const seenUser = await used.tenant.get(`/Users/${user}`)
    const groupURL = `${used.tenant.baseURL}/Groups/${group}`
    expect(seenUser.body.groups).toEqual([
      { value: group, $ref: groupURL, display: 'Readers', type: 'direct' },
    ])
    const seenGroup = await used.tenant.get(`/Groups/${group}`)
    const [member] = seenGroup.body.members
    expect(member).toEqual({
      value: user,
      $ref: `${used.tenant.baseURL}/Users/${user}`,
      display: 'Reader',
      type: 'User',
    })
    const followed = await used.tenant.get(member.$ref.replace(used.tenant.baseURL, ''))
    expect(followed.body).toEqual(seenUser.body)
  })

  test.for([
    ['attributes=userName', ['id', 'schemas', 'userName']],
    ['attributes=name.givenName,emails.value', ['emails', 'id', 'name', 'schemas']],
    [`attributes=${urns.enterprise}:department`, ['id', 'schemas', urns.enterprise]],
    ['attributes=nothingLikeThat', ['id', 'schemas']],
    ['attributes=groups', ['groups', 'id', 'schemas']],
  ] as const)('R10, S4: %s shows only that, beside what is always shown', async ([query, names]) => {
    const reply = await used.tenant.get(`/Users/${user}?${query}`)
    expect(new Set(Object.keys(reply.body))).toEqual(new Set(names))
  })

  // Entra reads groups like this and nothing else.
  test('excludedAttributes=members leaves the members out', async () => {
    const reply = await used.tenant.get(`/Groups/${group}?excludedAttributes=members`)
    expect(reply.body).toMatchObject({ id: group, displayName: 'Readers' })
    expect(reply.body).not.toHaveProperty('members')
  })

  test('HEAD has the headers of GET and no body', async () => {
    const [head, get] = await Promise.all([
      used.tenant.send('HEAD', `/Users/${user}`),
      used.tenant.get(`/Users/${user}`),
    ])
    expect(head.status).toBe(200)
    expect(head.text).toBe('')
    for (const name of ['etag', 'content-length', 'content-type'])
      expect(head.headers[name]).toBe(get.headers[name])
  })
})

describe('the media type of an answer', () => {
  test.for([
    ['application/scim+json', 'application/scim+json'],
    ['application/json', 'application/json'],
    ['*/*', 'application/scim+json'],
    ['text/html', 'application/scim+json'],
  ] as const)('D8: Accept: %s is answered with %s and no charset', async ([accept, type]) => {
    expect((await used.tenant.get(`/Users/${user}`, { accept })).headers['content-type']).toBe(type)
    expect((await used.tenant.get('/Users/nobody', { accept })).headers['content-type']).toBe(type)
  })

  // OneLogin: every response must have the content type application/json.
  test('D8: an integration can ask for application/json on every answer, refusals included', async () => {
    const tenant = await used.server.newTenant({ settings: { compatibility: { contentType: 'JSON' } } })
    for (const path of ['/Users', '/Users/nobody', '/Nothing', '/ServiceProviderConfig'])
      expect((await tenant.get(path, { accept: 'application/scim+json' })).headers['content-type']).toBe(
        'application/json',
      )
    const refused = await tenant.send('GET', '/Users', { token: 'wrong' })
    expect(refused.headers['content-type']).toBe('application/json')
  })
})

describe('If-None-Match', () => {
  test('E2: the version that the client has is answered 304 without a body', async () => {
    const { headers } = await used.tenant.get(`/Users/${user}`)
    for (const tag of [headers.etag ?? '', (headers.etag ?? '').replace('W/', ''), '"0", W/"1"', '*']) {
      const reply = await used.tenant.get(`/Users/${user}`, { 'if-none-match': tag })
      expect(reply).toMatchObject({ status: 304, text: '' })
      expect(reply.headers.etag).toBe(headers.etag)
    }
  })

  test('E2: another version is answered in full', async () => {
    expect((await used.tenant.get(`/Users/${user}`, { 'if-none-match': 'W/"0"' })).status).toBe(200)
  })
})
