import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { tombstoneTenant } from '#directory/tenant-writes.ts'
import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

const atHost = (
  host: string,
  path: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<Reply> =>
  sendTo(`http://127.0.0.1:${used.server.scimPort}${path}`, 'GET', { token, headers: { host, ...headers } })

const newHost = (): string => `${randomUUID()}.scim.example.com`

describe('the tenant by host', () => {
  test('a host leads to its tenant, in any case, with any port and with the dot at its end', async () => {
    const host = newHost()
    const { token } = await used.server.newTenant({ hosts: [{ hostname: host, origin: `https://${host}` }] })
    for (const sent of [host, host.toUpperCase(), `${host}:8443`, `${host}.`])
      expect((await atHost(sent, '/scim/v2/Users', token)).status).toBe(200)
  })

  test('hard spot 30: locations carry the public origin of the matched host, whatever a proxy or a client claims', async () => {
    const host = newHost()
    const tenant = await used.server.newTenant({
      hosts: [{ hostname: host, origin: `https://${host}:8443` }],
    })
    const url = `http://127.0.0.1:${used.server.scimPort}/scim/v2/Users`
    const created = await sendTo(url, 'POST', {
      token: tenant.token,
      body: aUser('ada@example.com'),
      headers: {
        host,
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'gopher',
        forwarded: 'host=evil',
      },
    })
    const location = `https://${host}:8443/scim/v2/Users/${created.body.id}`
    expect(created.body.meta.location).toBe(location)
    expect(created.headers.location).toBe(location)
  })

  test('the host decides before the path', async () => {
    const host = newHost()
    const byHost = await used.server.newTenant({ hosts: [{ hostname: host, origin: `https://${host}` }] })
    expect(await atHost(host, `/t/${used.tenant.slug}/scim/v2/Users`, used.tenant.token)).toEqual(
      scimError(404),
    )
    expect((await atHost(host, '/scim/v2/Users', byHost.token)).status).toBe(200)
  })

  test.for(['unknown.example.com', '', 'a b', '[::1]', 'x'.repeat(300)])(
    'the host %j is nobody',
    async (host) => {
      expect(await atHost(host, '/scim/v2/Users', used.tenant.token)).toEqual(scimError(404))
    },
  )

  test('a host that moves to another tenant leads there without a restart', async () => {
    const host = newHost()
    const hosts = [{ hostname: host, origin: `https://${host}` }]
    const first = await used.server.newTenant({ hosts })
    expect((await atHost(host, '/scim/v2/Users', first.token)).status).toBe(200)
    await used.server.putTenant(first.id, { hosts: [] })
    const second = await used.server.newTenant({ hosts })
    await expect
      .poll(async () => (await atHost(host, '/scim/v2/Users', second.token)).status, { interval: 100 })
      .toBe(200)
    expect(await atHost(host, '/scim/v2/Users', first.token)).toEqual(scimError(401))
  })
})

describe('the tenant by path', () => {
  test.for([
    '/t/nobody/scim/v2/Users',
    '/t/',
    '/t',
    '/',
    '/scim/v2/Users',
    '/t/Nobody%00/scim/v2/Users',
    '//',
    '/t//x',
  ])('%s leads nowhere', async (path) => {
    expect(await atHost('127.0.0.1', path, used.tenant.token)).toEqual(scimError(404))
  })

  test('a path beside the endpoint path leads nowhere', async () => {
    const root = used.tenant.baseURL.replace('/scim/v2', '')
    for (const path of ['', '/', '/Users', '/scimmy/Users', '/scim/v1/Users'])
      expect(await sendTo(root + path, 'GET', { token: used.tenant.token })).toEqual(scimError(404))
  })

  test('a deleted tenant is nobody, without a restart', async () => {
    const tenant = await used.server.newTenant()
    expect((await tenant.get('/Users')).status).toBe(200)
    await tombstoneTenant(used.server.owner, tenant.id, { now: new Date(), deleteAfter: null })
    await expect.poll(async () => (await tenant.get('/Users')).status, { interval: 100 }).toBe(404)
  })
})

describe('the endpoint path', () => {
  test.for(['/scim/v2', '/api/v1/scim', '/', '/v2', '/scim/v2/', '/deep/er/~still-here'])(
    'D9, K3: an endpoint at %s answers, with and without /v2 before the resource',
    async (endpointPath) => {
      const tenant = await used.server.newTenant({ endpointPath })
      const base = tenant.baseURL.replace(/\/$/, '')
      const withoutVersion = base.replace(/\/v2$/, '')
      for (const prefix of [base, withoutVersion, `${withoutVersion}/v2`]) {
        const reply = await sendTo(`${prefix}/Users`, 'GET', { token: tenant.token })
        expect(reply.status).toBe(200)
      }
      const created = await tenant.post(
        tenant.baseURL.endsWith('/') ? 'Users' : '/Users',
        aUser('a@example.com'),
      )
      expect(created.body.meta.location).toBe(`${base}/Users/${created.body.id}`)
    },
  )

  test.for(['/Users/', '//Users', '/Users//', '/Users?', '/Users?&', '/Users.scim'])(
    'D9: %s is the list of users all the same',
    async (path) => {
      const reply = await used.tenant.get(path)
      expect(reply.status).toBe(200)
      expect(reply.body.totalResults).toBeTypeOf('number')
    },
  )
})
