import { describe, expect, test } from 'vitest'

import { urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const discoveryUrns = ['ServiceProviderConfig', 'ResourceType', 'Schema'].map(
  (name) => `urn:ietf:params:scim:schemas:core:2.0:${name}`,
)

describe('discovery', () => {
  // RFC 7643 5 and RFC 7644 2: it says how to authenticate, so it is readable before.
  test('D2, D6, D7: ServiceProviderConfig is readable without a token and says what is there', async () => {
    const reply = await sendTo(`${used.tenant.baseURL}/ServiceProviderConfig?filter=x&sortBy=y`, 'GET')
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 10_485_760 },
      filter: { supported: true },
      sort: { supported: true },
      etag: { supported: true },
      pagination: { cursor: true, index: true },
      authenticationSchemes: [{ type: 'oauthbearertoken' }],
      meta: { location: `${used.tenant.baseURL}/ServiceProviderConfig` },
    })
  })

  test('D1, D2: every listed schema and resource type is found by its id, also percent-encoded', async () => {
    for (const path of ['/Schemas', '/ResourceTypes']) {
      const { body } = await used.tenant.get(`${path}?startIndex=7&count=1&attributes=id`)
      expect(body.totalResults).toBe(body.Resources.length)
      expect(body.itemsPerPage).toBe(body.Resources.length)
      for (const one of body.Resources) {
        expect((await used.tenant.get(`${path}/${one.id}`)).body).toEqual(one)
        expect((await used.tenant.get(`${path}/${encodeURIComponent(one.id)}`)).body).toEqual(one)
        expect(one.meta.location).toBe(`${used.tenant.baseURL}${path}/${one.id}`)
      }
    }
  })

  test('D4: users, groups, the enterprise extension and discovery itself are among the schemas; messages are not', async () => {
    const { body } = await used.tenant.get('/Schemas')
    const ids = body.Resources.map(({ id }: { id: string }) => id)
    expect(ids).toEqual(expect.arrayContaining([urns.user, urns.group, urns.enterprise, ...discoveryUrns]))
    expect(ids.filter((id: string) => id.includes('messages'))).toEqual([])
  })

  test('endpoints of the resource types answer lists', async () => {
    const { body } = await used.tenant.get('/ResourceTypes')
    for (const { endpoint } of body.Resources) expect((await used.tenant.get(endpoint)).status).toBe(200)
  })

  // RFC 7644 4: "If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403".
  test('D2: a filter on schemas or resource types is forbidden', async () => {
    expect(await used.tenant.get('/Schemas?filter=id%20pr')).toEqual(scimError(403))
    expect(await used.tenant.get('/ResourceTypes?filter=')).toEqual(scimError(403))
  })

  test('D3: an unknown schema or resource type is a SCIM 404', async () => {
    expect(await used.tenant.get('/Schemas/urn:nothing')).toEqual(scimError(404))
    expect(await used.tenant.get('/ResourceTypes/Robot')).toEqual(scimError(404))
  })
})
