import { describe, expect, test } from 'vitest'

import { aGroup, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer({ settings: { compatibility: { postInactive: 'Reactivate' } } })

describe('an integration that reactivates on POST', () => {
  // better-auth #11111, fleet #53446: the identity provider does not look for the inactive user.
  test('answers a POST for an inactive user with the same user, active, and with its memberships', async () => {
    const id = await used.tenant.create('/Users', aUser('back@example.com', { active: false, title: 'Old' }))
    const group = await used.tenant.create('/Groups', aGroup('Kept', [id]))
    const reply = await used.tenant.post('/Users', { userName: 'BACK@example.com', nickName: 'New' })
    expect(reply).toMatchObject({
      status: 201,
      headers: { location: `${used.tenant.baseURL}/Users/${id}` },
      body: { id, userName: 'BACK@example.com', active: true, nickName: 'New', groups: [{ value: group }] },
    })
    expect(reply.body).not.toHaveProperty('title')
  })

  test('still refuses a POST for an active user, and for a group', async () => {
    await used.tenant.create('/Users', aUser('active@example.com'))
    expect(await used.tenant.post('/Users', aUser('active@example.com'))).toEqual(
      scimError(409, 'uniqueness'),
    )
    await used.tenant.create('/Groups', aGroup('Taken'))
    expect(await used.tenant.post('/Groups', aGroup('Taken'))).toEqual(scimError(409, 'uniqueness'))
  })
})

test('without it a POST for an inactive user is a conflict', async () => {
  const tenant = await used.server.newTenant()
  await tenant.create('/Users', aUser('gone@example.com', { active: false }))
  expect(await tenant.post('/Users', aUser('gone@example.com'))).toEqual(scimError(409, 'uniqueness'))
})
