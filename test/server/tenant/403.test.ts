import { expect, test } from 'vitest'

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

test('a tenant that is disabled and enabled again follows within two seconds, with its data', async () => {
  const tenant = await used.server.newTenant()
  await tenant.create('/Users', { userName: 'kept@example.com' })
  await used.server.putTenant(tenant.id, { state: 'Disabled' })
  const status = async (): Promise<number> => (await tenant.get('/Users')).status
  await expect.poll(status, { timeout: 2000, interval: 100 }).toBe(403)
  await used.server.putTenant(tenant.id, {})
  await expect.poll(status, { timeout: 2000, interval: 100 }).toBe(200)
  expect((await tenant.get('/Users')).body.totalResults).toBe(1)
})
