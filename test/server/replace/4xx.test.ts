import { expect, test } from 'vitest'

import { aGroup, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

test('C6: PUT of an unknown id is 404 and creates nothing', async () => {
  expect(await used.tenant.put('/Users/01a203d3-ea8a-79a9-b1f1-6c436d742113', aUser('ghost'))).toEqual(
    scimError(404),
  )
  expect((await used.tenant.get('/Users?filter=userName%20eq%20%22ghost%22')).body.totalResults).toBe(0)
})

test('C6: PUT without a required attribute is invalidValue', async () => {
  const id = await used.tenant.create('/Users', aUser('required@example.com'))
  expect(await used.tenant.put(`/Users/${id}`, { title: 'x' })).toEqual(scimError(400, 'invalidValue'))
  const group = await used.tenant.create('/Groups', aGroup('Required'))
  expect(await used.tenant.put(`/Groups/${group}`, { members: [] })).toEqual(scimError(400, 'invalidValue'))
})

test('PUT with the name of another is a conflict and changes nothing', async () => {
  await used.tenant.create('/Users', aUser('first@example.com'))
  const id = await used.tenant.create('/Users', aUser('second@example.com'))
  expect(await used.tenant.put(`/Users/${id}`, aUser('First@example.com'))).toEqual(
    scimError(409, 'uniqueness'),
  )
  expect((await used.tenant.get(`/Users/${id}`)).body).toMatchObject({
    userName: 'second@example.com',
    meta: { version: 'W/"1"' },
  })
})

test('E2: PUT under another version than the current one is 412 and changes nothing', async () => {
  const id = await used.tenant.create('/Users', aUser('stale@example.com'))
  for (const tag of ['W/"2"', 'nonsense']) {
    const reply = await used.tenant.send('PUT', `/Users/${id}`, {
      body: aUser('stale@example.com', { title: 'lost' }),
      headers: { 'if-match': tag },
    })
    expect(reply).toEqual(scimError(412))
  }
  expect((await used.tenant.get(`/Users/${id}`)).body).not.toHaveProperty('title')
})

test('of two writers with the same version one wins and the other is told', async () => {
  const id = await used.tenant.create('/Users', aUser('race@example.com'))
  const replies = await Promise.all(
    ['a', 'b', 'c', 'd'].map((title) =>
      used.tenant.send('PUT', `/Users/${id}`, {
        body: aUser('race@example.com', { title }),
        headers: { 'if-match': 'W/"1"' },
      }),
    ),
  )
  expect(replies.map(({ status }) => String(status)).toSorted()).toEqual(['200', '412', '412', '412'])
})
