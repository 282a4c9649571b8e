import { expect, test } from 'vitest'

import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer({ settings: { limits: { maxPayloadBytes: 100_000 } } })

test.for([100_001, 390_000, 5_000_000])(
  'a body of %d bytes is over the limit of the tenant and is told so',
  async (bytes) => {
    const raw = JSON.stringify(aUser('big@example.com', { title: 'x'.repeat(bytes) }))
    const reply = await used.tenant.send('POST', '/Users', { raw })
    expect(reply).toEqual(scimError(413))
    expect(reply.body.detail).toContain('100000')
    expect(reply.headers.connection).toBe('close')
  },
)

test('a body just below the limit is read, with its text of nearly 100 kB kept', async () => {
  const title = 'ü'.repeat(49_000)
  const reply = await used.tenant.post('/Users', aUser('long@example.com', { title }))
  expect(reply.status).toBe(201)
  expect(reply.body.title).toBe(title)
})

test.for(['text/plain', 'application/xml', 'application/scim+json; charset=utf-16', 'multipart/form-data'])(
  'a body of type %s is refused with 415',
  async (type) => {
    const reply = await used.tenant.send('POST', '/Users', {
      body: aUser('type@example.com'),
      headers: { 'content-type': type },
    })
    expect(reply).toEqual(scimError(415))
  },
)

test('a body that is compressed is refused with 415, not stored as rubbish', async () => {
  const reply = await used.tenant.send('POST', '/Users', {
    body: aUser('zip@example.com'),
    headers: { 'content-encoding': 'gzip' },
  })
  expect(reply).toEqual(scimError(415))
})

test.for(['application/json; charset=utf-8', 'text/json', ''])('a body of type %j is read', async (type) => {
  const reply = await used.tenant.send('POST', '/Users', {
    body: aUser(`type-${type.length}@example.com`),
    headers: { 'content-type': type },
  })
  expect(reply.status).toBe(201)
})
