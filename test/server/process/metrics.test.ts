import { expect, test } from 'vitest'

import { aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { sendTo } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

const metric = async (pattern: RegExp): Promise<readonly string[]> =>
  (await used.server.metrics.registry.metrics()).split('\n').filter((line) => pattern.test(line))

test('requests are counted by tenant, type, method and code; refusals too', async () => {
  const { slug } = used.tenant
  const id = await used.tenant.create('/Users', aUser('counted@example.com'))
  await used.tenant.get(`/Users/${id}`)
  await used.tenant.get('/Users/nobody')
  await used.tenant.get('/Nothing')
  await sendTo(`http://127.0.0.1:${used.server.scimPort}/t/nobody/scim/v2/Users`, 'GET')
  const counts = await metric(/^scim_requests_total/)
  expect(counts).toEqual(
    expect.arrayContaining([
      `scim_requests_total{tenant="${slug}",type="User",method="POST",code="201"} 1`,
      `scim_requests_total{tenant="${slug}",type="User",method="GET",code="200"} 1`,
      `scim_requests_total{tenant="${slug}",type="User",method="GET",code="404"} 1`,
      `scim_requests_total{tenant="${slug}",type="unknown",method="GET",code="404"} 1`,
      `scim_requests_total{tenant="",type="unknown",method="GET",code="404"} 1`,
    ]),
  )
  expect(await metric(/^scim_request_duration_seconds_count.*User.*POST/)).toHaveLength(1)
})

test('the time of the last request of a tenant is known', async () => {
  await used.tenant.get('/Users')
  const [line = ''] = await metric(/^scim_last_request_timestamp_seconds/)
  expect(Math.abs(Number(line.split(' ').at(-1)) - Date.now() / 1000)).toBeLessThan(60)
})

test('each dialect of an identity provider is counted by its name', async () => {
  const id = await used.tenant.create('/Users', aUser('dialect@example.com'))
  await used.tenant.patch(`/Users/${id}`, aPatch({ op: 'Replace', path: 'active', value: 'False' }))
  const counts = await metric(/^scim_dialect_total/)
  expect(counts).toEqual(
    expect.arrayContaining([
      expect.stringContaining(`{tenant="${used.tenant.slug}",dialect="entra-capital-ops"} 1`),
      expect.stringContaining('dialect="entra-string-booleans"'),
    ]),
  )
})
