import { expect, test } from 'vitest'

import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

test('a disabled tenant refuses everybody with a token, and tells nothing to those without', async () => {
  const tenant = await used.server.newTenant({ state: 'Disabled' })
  expect(await tenant.get('/Users')).toEqual(scimError(403))
  expect(await tenant.get('/ServiceProviderConfig')).toEqual(scimError(403))
  expect(await sendTo(`${tenant.baseURL}/Users`, 'GET')).toEqual(scimError(401))
})

test('a tenant that is disabled and enabled again follows without a restart, with its data', async () => {
  const tenant = await used.server.newTenant()
  await tenant.create('/Users', { userName: 'kept@example.com' })
  await used.server.putTenant(tenant.id, { state: 'Disabled' })
  const status = async (): Promise<number> => (await tenant.get('/Users')).status
  await expect.poll(status, { interval: 100 }).toBe(403)
  await used.server.putTenant(tenant.id, {})
  await expect.poll(status, { interval: 100 }).toBe(200)
  expect((await tenant.get('/Users')).body.totalResults).toBe(1)
})

test('a tenant that holds all it may refuses more users and members, and says which limit it is', async () => {
  const tenant = await used.server.newTenant({ settings: { limits: { maxUsers: 2, maxGroupMembers: 1 } } })
  const ids = [
    await tenant.create('/Users', aUser('one@x.test')),
    await tenant.create('/Users', aUser('two@x.test')),
  ]
  const third = await tenant.post('/Users', aUser('three@x.test'))
  expect(third).toEqual(scimError(403))
  expect(third.body.detail).toContain('2 (spec.limits.maxUsers)')
  const group = await tenant.create('/Groups', aGroup('Full', ids.slice(0, 1)))
  const refusals = [
    await tenant.patch(
      `/Groups/${group}`,
      aPatch({ op: 'add', path: 'members', value: [{ value: ids[1] }] }),
    ),
    await tenant.put(`/Groups/${group}`, aGroup('Full', ids)),
    await tenant.post('/Groups', aGroup('Fuller', ids)),
  ]
  for (const refusal of refusals) {
    expect(refusal).toEqual(scimError(403))
    expect(refusal.body.detail).toContain('1 (spec.limits.maxGroupMembers)')
  }
  expect((await tenant.get('/Groups')).body).toMatchObject({ totalResults: 1 })
  expect((await tenant.get(`/Groups/${group}`)).body.members).toHaveLength(1)
})
