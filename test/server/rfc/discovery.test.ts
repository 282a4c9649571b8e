import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Section 4 of RFC 7644 and what advertising promises.
const used = useServer()

interface Advertised {
  readonly name: string
  readonly type: string
  readonly multiValued: boolean
  readonly mutability: string
  readonly required: boolean
  readonly canonicalValues?: readonly string[]
  readonly subAttributes?: readonly Advertised[]
}

/** A value that the advertised characteristics allow. */
const valueFor = (attribute: Advertised, seed: string): unknown => {
  const single = attribute.type === 'complex' ? objectFor(attribute, seed) : scalarFor(attribute, seed)
  return attribute.multiValued ? [single] : single
}

const objectFor = ({ subAttributes = [] }: Advertised, seed: string): object =>
  Object.fromEntries(
    subAttributes
      .filter(({ mutability }) => mutability !== 'readOnly')
      .map((one) => [one.name, valueFor(one, seed)]),
  )

const scalarFor = ({ type, name, canonicalValues }: Advertised, seed: string): unknown => {
  if (canonicalValues !== undefined) return canonicalValues[0]
  switch (type) {
    case 'boolean':
      return true
    case 'integer':
      return 7
    case 'decimal':
      return 7.5
    case 'dateTime':
      return '2026-11-22T10:00:00Z'
    case 'binary':
      return Buffer.from(name + seed).toString('base64')
    default:
      return `${name} ${seed}`
  }
}

/** Advertised attributes that clients write and read; members only hold resources that exist. */
const writable = async (schema: string): Promise<readonly Advertised[]> => {
  const { body } = await used.tenant.get(`/Schemas/${schema}`)
  return body.attributes.filter(
    ({ name, mutability }: Advertised) => mutability === 'readWrite' && name !== 'members',
  )
}

describe('what is advertised', () => {
  test.for([
    ['/Users', urns.user],
    ['/Users', urns.enterprise],
    ['/Groups', urns.group],
  ] as const)(
    'D5: comes back as it was sent, in POST, PUT and PATCH: %s with %s',
    async ([endpoint, schema]) => {
      const attributes = await writable(schema)
      expect(attributes.length).toBeGreaterThan(0)
      const base = endpoint === '/Users' ? aUser : aGroup
      const wrap = (values: object): object => (schema === urns.enterprise ? { [schema]: values } : values)
      const shown = (body: Record<string, unknown>): unknown =>
        schema === urns.enterprise ? body[schema] : body
      const filled = (): Record<string, unknown> => {
        const seed = randomUUID()
        return Object.fromEntries(attributes.map((one) => [one.name, valueFor(one, seed)]))
      }
      const first = filled()
      const created = await used.tenant.post(endpoint, { ...base(randomUUID()), ...wrap(first) })
      expect(created.status).toBe(201)
      expect(shown(created.body)).toMatchObject(first)
      const path = `${endpoint}/${created.body.id}`
      const second = filled()
      expect(
        shown((await used.tenant.put(path, { ...base(randomUUID()), ...wrap(second) })).body),
      ).toMatchObject(second)
      const third = filled()
      for (const { name, required } of attributes) {
        const target = `${schema}:${name}`
        const set = await used.tenant.patch(path, aPatch({ op: 'replace', path: target, value: third[name] }))
        expect(shown(set.body)).toMatchObject({ [name]: third[name] })
        if (required) continue
        const removed = await used.tenant.patch(path, aPatch({ op: 'remove', path: target }))
        expect(shown(removed.body) ?? {}).not.toHaveProperty([name])
        const added = await used.tenant.patch(path, aPatch({ op: 'add', path: target, value: third[name] }))
        expect(shown(added.body)).toMatchObject({ [name]: third[name] })
      }
      expect(shown((await used.tenant.get(path)).body)).toMatchObject(third)
    },
  )

  test('D6: tells its features, limits and how to authenticate, with a location', async () => {
    const { body } = await used.tenant.get('/ServiceProviderConfig')
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 10_485_760 },
      filter: { supported: true, maxResults: 1000 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      meta: { resourceType: 'ServiceProviderConfig' },
    })
    expect(body.authenticationSchemes).toEqual([
      expect.objectContaining({
        type: 'oauthbearertoken',
        name: expect.any(String),
        description: expect.any(String),
      }),
    ])
  })

  test('D7: is readable without a token as far as ServiceProviderConfig goes; all else is a Bearer challenge', async () => {
    expect((await sendTo(`${used.tenant.baseURL}/ServiceProviderConfig`, 'GET')).status).toBe(200)
    for (const path of [
      '/Users',
      '/Schemas',
      '/ResourceTypes',
      '/',
      '/Me',
      '/Bulk',
      '/Nothing',
      `/Users/${randomUUID()}`,
    ])
      for (const token of [null, 'bad']) {
        const reply = await sendTo(used.tenant.baseURL + path, 'GET', { token })
        expect(reply).toEqual(scimError(401))
        expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm="scim"/)
      }
  })

  test('D8: comes and goes as application/scim+json or application/json, without a charset', async () => {
    const body = JSON.stringify(aUser(randomUUID()))
    const reply = await used.tenant.send('POST', '/Users', {
      raw: body,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    })
    expect(reply.headers['content-type']).toBe('application/json')
    for (const path of ['/Users', '/Schemas', '/ServiceProviderConfig', '/Nothing'])
      expect((await used.tenant.get(path)).headers['content-type']).toBe('application/scim+json')
  })

  test('D9: is found with and without /v2, with the suffix .scim and unknown parameters', async () => {
    const base = used.tenant.baseURL
    for (const url of [
      `${base}/Users`,
      `${base.replace(/\/v2$/, '')}/Users`,
      `${base}/Users.scim`,
      `${base}/Users?aadOptscim062020`,
    ])
      expect((await sendTo(url, 'GET', { token: used.tenant.token })).status).toBe(200)
    const id = await used.tenant.create('/Users', aUser(randomUUID()))
    expect((await used.tenant.get(`/Users/${id}.scim`)).body.id).toBe(id)
    expect(await used.tenant.get('/v3/Users')).toEqual(scimError(404))
  })

  test('D11: can be asked for over all types, at the root and by .search', async () => {
    const name = randomUUID()
    const ids = [
      await used.tenant.create('/Users', aUser(randomUUID(), { displayName: name })),
      await used.tenant.create('/Groups', aGroup(name)),
    ]
    const filter = `displayName eq "${name}" and not (userName eq "x" and members pr)`
    for (const { body } of [
      await used.tenant.get(`/?filter=${encodeURIComponent(filter)}`),
      await used.tenant.get(`?filter=${encodeURIComponent(filter)}`),
      await used.tenant.post('/.search', { schemas: [urns.search], filter }),
    ])
      expect(body.Resources.map(({ id }: { id: string }) => id)).toEqual(ids)
  })
})
