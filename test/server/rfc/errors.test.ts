import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import type { Reply, Send } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Sections 3.12 and 3.14 of RFC 7644: versions, conditions and errors.
const used = useServer()
const nobody = '01a203d3-ea8a-79a9-b1f1-6c436d742113'
const newUser = (): Promise<string> => used.tenant.create('/Users', aUser(randomUUID()))

const send = async (method: string, tag: string, body?: object): Promise<Reply> =>
  used.tenant.send(method, `/Users/${await newUser()}`, { body, headers: { 'if-match': tag } })

describe('versions', () => {
  test('E1: are weak tags, the same in the header as in meta, on every answer with a resource', async () => {
    const created = await used.tenant.post('/Users', aUser(randomUUID()))
    const path = `/Users/${created.body.id}`
    const replies = [
      created,
      await used.tenant.get(path),
      await used.tenant.put(path, aUser(randomUUID())),
      await used.tenant.patch(path, aPatch({ op: 'add', path: 'title', value: 'Dr' })),
    ]
    for (const { headers, body } of replies) {
      expect(headers.etag).toMatch(/^W\/"[^"]+"$/)
      expect(headers.etag).toBe(body.meta.version)
    }
    expect(replies.map(({ headers }) => headers.etag)).toEqual(['W/"1"', 'W/"1"', 'W/"2"', 'W/"3"'])
  })

  test('E1: move with the resource and only then: for a group also with its members', async () => {
    const id = await newUser()
    const group = await used.tenant.create('/Groups', aGroup(randomUUID()))
    const versions = async (): Promise<readonly unknown[]> =>
      Promise.all(
        [`/Groups/${group}`, `/Users/${id}`].map(async (path) => (await used.tenant.get(path)).headers.etag),
      )
    const add = aPatch({ op: 'add', path: 'members', value: [{ value: id }] })
    for (let n = 0; n < 2; n++) await used.tenant.patch(`/Groups/${group}`, add)
    expect(await versions()).toEqual(['W/"2"', 'W/"1"'])
    await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'add', path: 'title', value: 'Dr' }))
    expect(await versions()).toEqual(['W/"2"', 'W/"2"'])
  })

  test('E2: let PUT, PATCH and DELETE through with the current one or *, and stop them at 412 with another', async () => {
    const writes: readonly (readonly [string, object?])[] = [
      ['PUT', aUser(randomUUID())],
      ['PATCH', aPatch({ op: 'add', path: 'title', value: 'Dr' })],
      ['DELETE'],
    ]
    for (const [method, body] of writes) {
      for (const tag of ['W/"2"', '"x"', 'W/"0", W/"9"'])
        expect(await send(method, tag, body)).toEqual(scimError(412))
      for (const tag of ['W/"1"', '"1"', '*', 'W/"7", W/"1"']) {
        const own = method === 'PUT' ? aUser(randomUUID()) : body
        expect((await send(method, tag, own)).status).toBeLessThan(300)
      }
    }
  })

  test('E2: answer a GET with If-None-Match by 304 only while they are the current one', async () => {
    const id = await newUser()
    const get = (tag: string): Promise<Reply> => used.tenant.get(`/Users/${id}`, { 'if-none-match': tag })
    expect(await get('W/"1"')).toMatchObject({ status: 304, text: '' })
    expect(await get('*')).toMatchObject({ status: 304, text: '' })
    await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'add', path: 'title', value: 'Dr' }))
    expect((await get('W/"1"')).status).toBe(200)
  })
})

describe('errors', () => {
  test('C8: are 405 with Allow for a method that an endpoint lacks', async () => {
    const reply = await used.tenant.delete('/Users')
    expect(reply).toEqual(scimError(405))
    expect(reply.headers.allow).toBe('GET, HEAD, POST')
  })

  const rows: readonly (readonly [string, string, Send, number, string?])[] = [
    ['GET', '/Users?filter=x', {}, 400, 'invalidFilter'],
    ['GET', '/Users?count=x', {}, 400, 'invalidValue'],
    ['GET', '/Users?cursor=x', {}, 400, 'invalidCursor'],
    ['GET', '/Users', { token: null }, 401],
    ['GET', '/Schemas?filter=x', {}, 403],
    ['GET', `/Users/${nobody}`, {}, 404],
    ['GET', '/Schemas/urn:x', {}, 404],
    ['GET', '/Nothing', {}, 404],
    ['PUT', '/Users', { body: aUser('x') }, 405],
    ['POST', '/Users', { raw: '{' }, 400, 'invalidSyntax'],
    ['POST', '/Users', { body: {} }, 400, 'invalidValue'],
    ['POST', '/Users', { body: aUser('x'), headers: { 'content-type': 'text/xml' } }, 415],
    ['POST', '/Groups', { body: { members: [] } }, 400, 'invalidValue'],
    ['PUT', `/Groups/${nobody}`, { body: aGroup('x') }, 404],
    ['PATCH', `/Users/${nobody}`, { body: aPatch({ op: 'remove' }) }, 400, 'noTarget'],
    ['PATCH', `/Users/${nobody}`, { body: aPatch({ op: 'remove', path: 'id' }) }, 400, 'mutability'],
    ['PATCH', `/Users/${nobody}`, { body: aPatch({ op: 'remove', path: 'a[' }) }, 400, 'invalidPath'],
    ['DELETE', `/Users/${nobody}`, {}, 404],
    ['POST', '/.search', { body: { filter: '' } }, 400, 'invalidFilter'],
    ['POST', '/Users/.search', { body: [] }, 400, 'invalidSyntax'],
    ['POST', '/Bulk', { body: { Operations: {} } }, 400, 'invalidSyntax'],
    ['GET', '/Me', {}, 501],
  ]
  test.for(rows)(
    'E5: say status, detail and, where it is defined, scimType: %s %s',
    async ([method, path, send, status, scimType]) => {
      expect(await used.tenant.send(method, path, send)).toEqual(scimError(status, scimType))
    },
  )
})
