import { expect, test } from 'vitest'

import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const slow = { settings: { limits: { requestsPerSecond: 3, burst: 2 } } }

const times = (count: number, ask: () => Promise<Reply>): Promise<Reply[]> =>
  Promise.all(Array.from({ length: count }, ask))

// Okta honours whole seconds only; anything else makes it wait five minutes.
test('requests beyond rate and burst are told to wait for a whole number of seconds', async () => {
  const tenant = await used.server.newTenant(slow)
  const replies = await times(12, () => tenant.get('/Users'))
  const refused = replies.filter(({ status }) => status === 429)
  expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(5)
  expect(refused.length).toBeGreaterThanOrEqual(4)
  for (const reply of refused) {
    expect(reply).toEqual(scimError(429))
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/)
  }
})

test('one tenant over its limit does not slow another down', async () => {
  const [busy, calm] = [await used.server.newTenant(slow), await used.server.newTenant(slow)]
  await times(12, () => busy.get('/Users'))
  expect((await calm.get('/Users')).status).toBe(200)
})

test('requests without a token cannot use up the limit of a tenant', async () => {
  const tenant = await used.server.newTenant(slow)
  await times(12, () => sendTo(`${tenant.baseURL}/ServiceProviderConfig`, 'GET'))
  await times(12, () => sendTo(`${tenant.baseURL}/Users`, 'GET'))
  expect((await tenant.get('/Users')).status).toBe(200)
})
