import { expect, test } from 'vitest'

import { expectScimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

test('a disabled tenant refuses everybody with a token, and tells nothing to those without', async () => {
  const tenant = await used.server.newTenant({ state: 'Disabled' })
  expectScimError(await tenant.get('/Users'), 403)
  expectScimError(await tenant.get('/ServiceProviderConfig'), 403)
  expectScimError(await sendTo(`${tenant.baseURL}/Users`, 'GET'), 401)
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
