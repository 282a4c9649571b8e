import { expect, test } from 'vitest'

import { aGroup, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

// RFC 7644 3.6: "the service provider MUST return … 404 for all operations associated with the previously deleted id".
test('C7, hard spot 28, hard spot 39: a deleted resource is gone for every verb, every list and every group', async () => {
  const id = await used.tenant.create('/Users', aUser('gone@example.com'))
  const group = await used.tenant.create('/Groups', aGroup('Left behind', [id]))
  const reply = await used.tenant.delete(`/Users/${id}`)
  expect(reply).toMatchObject({ status: 204, text: '' })
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const body = method === 'PUT' ? aUser('x') : { Operations: [{ op: 'remove', path: 'title' }] }
    expect(await used.tenant.send(method, `/Users/${id}`, method === 'GET' ? {} : { body })).toEqual(
      scimError(404),
    )
  }
  expect((await used.tenant.get('/Users')).body.totalResults).toBe(0)
  expect((await used.tenant.get(`/Groups/${group}`)).body).not.toHaveProperty('members')
})

test('K13: a deleted group leaves its users where they are', async () => {
  const id = await used.tenant.create('/Users', aUser('stays@example.com'))
  const group = await used.tenant.create('/Groups', aGroup('Dissolved', [id]))
  expect((await used.tenant.delete(`/Groups/${group}`)).status).toBe(204)
  const { body, status } = await used.tenant.get(`/Users/${id}`)
  expect(status).toBe(200)
  expect(body).not.toHaveProperty('groups')
})

test('under another version nothing is deleted', async () => {
  const id = await used.tenant.create('/Users', aUser('careful@example.com'))
  expect(await used.tenant.send('DELETE', `/Users/${id}`, { headers: { 'if-match': 'W/"9"' } })).toEqual(
    scimError(412),
  )
  const reply = await used.tenant.send('DELETE', `/Users/${id}`, { headers: { 'if-match': 'W/"1"' } })
  expect(reply.status).toBe(204)
})

test('of several deletions at once one succeeds and the others find nothing', async () => {
  const id = await used.tenant.create('/Users', aUser('once@example.com'))
  const replies = await Promise.all([1, 2, 3, 4].map(() => used.tenant.delete(`/Users/${id}`)))
  expect(replies.map(({ status }) => String(status)).toSorted()).toEqual(['204', '404', '404', '404'])
})
