import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer({ settings: { compatibility: { patchResponse: 'NoContent' } } })
let user = ''
let group = ''

beforeAll(async () => {
  user = await used.tenant.create('/Users', aUser('silent@example.com'))
  group = await used.tenant.create('/Groups', aGroup('Silent'))
})

describe('an integration that wants no answer to a PATCH', () => {
  test('P12: gets 204 with the new version and no body', async () => {
    const title = aPatch({ op: 'replace', path: 'title', value: 'Quiet' })
    const reply = await used.tenant.patch(`/Users/${user}`, title)
    expect(reply).toMatchObject({ status: 204, text: '' })
    expect(reply.headers.etag).toBe('W/"2"')
    expect(reply.headers['content-length']).toBeUndefined()
    expect(reply.headers['content-type']).toBeUndefined()
  })

  test('gets 204 for members, which are there afterwards', async () => {
    const reply = await used.tenant.patch(
      `/Groups/${group}`,
      aPatch({ op: 'add', path: 'members', value: [{ value: user }] }),
    )
    expect(reply.status).toBe(204)
    expect((await used.tenant.get(`/Groups/${group}`)).body.members).toMatchObject([{ value: user }])
  })

  // RFC 7644 3.5.2: "the service provider … MUST return 200 OK" if attributes are asked for.
  test('P12, S4: gets 200 with a body if it asks for attributes', async () => {
    const reply = await used.tenant.patch(
      `/Users/${user}?attributes=title`,
      aPatch({ op: 'replace', path: 'title', value: 'Heard' }),
    )
    expect(reply.status).toBe(200)
    expect(reply.body.title).toBe('Heard')
  })
})
