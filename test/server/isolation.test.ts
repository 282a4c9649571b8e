import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import type { TestTenant } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
let victim: TestTenant
let victimUser = ''
let victimGroup = ''

beforeAll(async () => {
  victim = await used.server.newTenant()
  victimUser = await victim.create('/Users', aUser('victim@example.com', { externalId: 'shared-id' }))
  victimGroup = await victim.create('/Groups', aGroup('Victims', [victimUser]))
})

const rename = aPatch({ op: 'replace', path: 'displayName', value: 'Taken' })

describe('ids of another tenant', () => {
  test('hard spot 18: are unknown on every route, in the words for an id that never was', async () => {
    const never = '01a203d3-ea8a-79a9-b1f1-6c436d742113'
    for (const [path, id, body] of [
      ['/Users', victimUser, aUser('taken@example.com')],
      ['/Groups', victimGroup, aGroup('Taken')],
    ] as const) {
      for (const [method, sent] of [
        ['GET', undefined],
        ['PUT', body],
        ['PATCH', rename],
        ['DELETE', undefined],
      ] as const) {
        const reply = await used.tenant.send(method, `${path}/${id}`, { body: sent })
        expect(reply).toEqual(scimError(404))
        const unknown = await used.tenant.send(method, `${path}/${never}`, { body: sent })
        expect(reply.text.replaceAll(id, never)).toBe(unknown.text)
      }
    }
  })

  test('are found by no filter, list or search', async () => {
    const filters = [
      `id eq "${victimUser}"`,
      'userName eq "victim@example.com"',
      'externalId eq "shared-id"',
      `groups.value eq "${victimGroup}"`,
      'userName pr or userName eq "x"',
      'not (userName eq "x")',
    ]
    for (const filter of filters) {
      const query = `filter=${encodeURIComponent(filter)}`
      for (const path of [`/Users?${query}`, `/?${query}`])
        expect((await used.tenant.get(path)).body).toMatchObject({ totalResults: 0, Resources: [] })
      const searched = await used.tenant.post('/Users/.search', { filter })
      expect(searched.body).toMatchObject({ totalResults: 0, Resources: [] })
    }
  })

  test('as members are nobody: they wait, are not shown, and touch nothing of the other tenant', async () => {
    const group = await used.tenant.create('/Groups', aGroup('Thieves', [victimUser, victimGroup]))
    const add = aPatch({ op: 'add', path: 'members', value: [{ value: victimUser }] })
    expect((await used.tenant.patch(`/Groups/${group}`, add)).body.members).toBeUndefined()
    const seen = await victim.get(`/Users/${victimUser}`)
    expect(seen.body.groups.map(({ value }: { value: string }) => value)).toEqual([victimGroup])
    expect(seen.body.meta.version).toBe('W/"1"')
  })

  test('can be created again under the same names: uniqueness ends at the tenant', async () => {
    const created = await used.tenant.post('/Users', aUser('victim@example.com', { externalId: 'shared-id' }))
    expect(created.status).toBe(201)
    expect((await victim.get('/Users')).body.totalResults).toBe(1)
  })
})

test('K4: the token of one tenant opens no route of another', async () => {
  for (const [method, path] of [
    ['GET', '/Users'],
    ['GET', `/Users/${victimUser}`],
    ['POST', '/Users'],
    ['DELETE', `/Groups/${victimGroup}`],
    ['PATCH', `/Groups/${victimGroup}`],
    ['GET', '/Schemas'],
    ['GET', '/'],
  ] as const)
    expect(await sendTo(victim.baseURL + path, method, { token: used.tenant.token })).toEqual(scimError(401))
  expect((await victim.get(`/Groups/${victimGroup}`)).status).toBe(200)
})

test('many tenants at once, on shared connections, each see their own users only', async () => {
  const tenants = await Promise.all(Array.from({ length: 6 }, () => used.server.newTenant()))
  const ids = await Promise.all(
    tenants.map((tenant) => tenant.create('/Users', aUser(`${tenant.slug}@example.com`))),
  )
  const rounds = Array.from({ length: 10 }, () =>
    tenants.map((tenant, index) => ({ tenant, id: ids[index] ?? '' })),
  )
  await Promise.all(
    rounds.flat().map(async ({ tenant, id }) => {
      const [read, found] = await Promise.all([
        tenant.get(`/Users/${id}`),
        tenant.get('/Users?filter=userName%20pr'),
      ])
      expect(read.body.userName).toBe(`${tenant.slug}@example.com`)
      expect(found.body.Resources.map((user: { id: string }) => user.id)).toEqual([id])
    }),
  )
})
