import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { messageUrns } from '#scim/urns.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { sendTo, startScim } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Hard spot 30: behind a proxy, no answer may name an internal host, nor one that somebody claims in a header.
const used = useServer()
const claims = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'gopher',
  'x-forwarded-port': '666',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-for': '203.0.113.9',
  'x-original-host': 'evil.example',
  'x-original-url': '/evil',
  'x-rewrite-url': '/evil',
  forwarded: 'for=203.0.113.9;host=evil.example;proto=gopher',
}

/** Every URL in an answer: in its headers and anywhere in its body. */
const urlsIn = ({ headers, text }: Reply): readonly string[] => [
  ...(headers.location === undefined ? [] : [headers.location]),
  ...[...text.matchAll(/"((?:https?|gopher):\/\/[^"]+)"/g)].map(([, url = '']) => url),
]

/** One answer of each kind that holds locations, as `ask` gets them. */
const answers = async (
  ask: (method: string, path: string, body?: unknown) => Promise<Reply>,
): Promise<readonly Reply[]> => {
  const user = await ask('POST', '/Users', aUser(randomUUID()))
  const group = await ask('POST', '/Groups', aGroup(randomUUID(), [user.body.id]))
  const path = `/Users/${user.body.id}`
  const remove = { method: 'DELETE', path: '/Users/nobody' }
  const create = { method: 'POST', path: '/Users', bulkId: 'a', data: aUser(randomUUID()) }
  return [
    user,
    group,
    await ask('GET', path),
    await ask('GET', `/Groups/${group.body.id}`),
    await ask('PATCH', path, aPatch({ op: 'add', path: 'title', value: 'Dr' })),
    await ask('PUT', path, aUser(randomUUID())),
    await ask('GET', '/Groups'),
    await ask('GET', '/'),
    await ask('POST', '/.search', {}),
    await ask('POST', '/Bulk', { schemas: [messageUrns.bulkRequest], Operations: [create, remove] }),
    await ask('GET', '/Schemas'),
    await ask('GET', '/ResourceTypes'),
    await ask('GET', '/ServiceProviderConfig'),
  ]
}

/** What RFC 6750 tells about and what a client sent is no location of ours. */
const ours = (urls: readonly string[]): readonly string[] =>
  urls.filter((url) => !url.startsWith('https://www.rfc-editor.org/'))

describe('locations and references', () => {
  test.for([
    ['https://%', '/scim/v2'],
    ['https://%:8443', '/api/v1/scim'],
    ['http://%', '/'],
  ] as const)(
    'C1: carry the origin %s that was registered for the host, and the endpoint path %s',
    async ([pattern, endpointPath]) => {
      const hostname = `${randomUUID()}.scim.example.com`
      const origin = pattern.replace('%', hostname)
      const tenant = await used.server.newTenant({ hosts: [{ hostname, origin }], endpointPath })
      const root = endpointPath === '/' ? '' : endpointPath
      const replies = await answers((method, path, body) =>
        sendTo(`http://127.0.0.1:${used.server.scimPort}${root}${path}`, method, {
          token: tenant.token,
          body,
          headers: { ...claims, host: `${hostname.toUpperCase()}:1234` },
        }),
      )
      for (const reply of replies) {
        expect(reply.status).toBeLessThan(300)
        const urls = ours(urlsIn(reply))
        expect(urls.length).toBeGreaterThan(0)
        for (const url of urls) expect(url.startsWith(`${origin}${root}/`)).toBe(true)
        expect(reply.text).not.toMatch(/evil|127\.0\.0\.1/)
      }
    },
  )

  test('C1: carry the origin for paths where the path names the tenant, whatever host is claimed', async () => {
    await using stack = new AsyncDisposableStack()
    const server = stack.use(
      await startScim(stack.use(await cloneDatabase()), { pathOrigin: 'https://scim.example.com/' }),
    )
    const tenant = await server.newTenant()
    const replies = await answers((method, path, body) =>
      sendTo(tenant.baseURL + path, method, {
        token: tenant.token,
        body,
        headers: { ...claims, host: 'whatever.example' },
      }),
    )
    for (const reply of replies) {
      expect(reply.status).toBeLessThan(300)
      for (const url of ours(urlsIn(reply)))
        expect(url.startsWith(`https://scim.example.com/t/${tenant.slug}/scim/v2/`)).toBe(true)
    }
  })

  test('a tenant with two hosts is told of by that through which it was asked', async () => {
    const hosts = ['a', 'b'].map((name) => {
      const hostname = `${name}-${randomUUID()}.example.com`
      return { hostname, origin: `https://${hostname}` }
    })
    const tenant = await used.server.newTenant({ hosts })
    const url = `http://127.0.0.1:${used.server.scimPort}/scim/v2/Users`
    const created = await sendTo(url, 'POST', {
      token: tenant.token,
      body: aUser(randomUUID()),
      headers: { host: hosts[0]?.hostname ?? '' },
    })
    for (const { hostname, origin } of hosts) {
      const seen = await sendTo(`${url}/${created.body.id}`, 'GET', {
        token: tenant.token,
        headers: { host: hostname },
      })
      expect(seen.body.meta.location).toBe(`${origin}/scim/v2/Users/${created.body.id}`)
    }
  })

  test('a host in X-Forwarded-Host opens no tenant: only Host does', async () => {
    const hostname = `${randomUUID()}.example.com`
    const { token } = await used.server.newTenant({ hosts: [{ hostname, origin: `https://${hostname}` }] })
    const url = `http://127.0.0.1:${used.server.scimPort}/scim/v2/Users`
    const headers = { host: 'unknown.example', 'x-forwarded-host': hostname, forwarded: `host=${hostname}` }
    expect((await sendTo(url, 'GET', { token, headers })).status).toBe(404)
  })
})
