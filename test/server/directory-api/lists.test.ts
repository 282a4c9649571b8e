import { beforeAll, describe, expect, test } from 'vitest'

import { aPolicy, evaluateAll } from '#test/kit/evaluate.ts'
import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const ids: Record<string, string> = {}
let reader = ''

const ask = (path: string, token: string | null = reader): Promise<Reply> =>
  sendTo(used.server.directoryURL + path, 'GET', { token })

/** All items of a list, walked page by page. */
const walk = async (path: string): Promise<readonly Record<string, unknown>[]> => {
  const items: Record<string, unknown>[] = []
  let next: string | null = null
  do {
    const reply = await ask(next === null ? path : `${path}&cursor=${next}`)
    expect(reply.status).toBe(200)
    items.push(...reply.body.items)
    next = reply.body.next
  } while (next !== null)
  return items
}

beforeAll(async () => {
  const { tenant, server, db } = used
  reader = await server.newToken(tenant.id, { scope: 'read' })
  const people = [
    [
      'ada',
      {
        displayName: 'Ada L',
        title: 'Engineer',
        externalId: '00u1',
        emails: [{ value: 'first@x.example' }, { value: 'second@x.example', primary: true }],
        [urns.enterprise]: { department: 'R&D' },
        nickName: 'not used',
      },
    ],
    ['bob', { name: { formatted: 'Bob B' }, active: false }],
    ['cyd', {}],
  ] as const
  for (const [userName, more] of people) ids[userName] = await tenant.create('/Users', aUser(userName, more))
  ids['crew'] = await tenant.create('/Groups', { ...aGroup('Crew', [ids['ada'] ?? '']), externalId: 'g1' })
  ids['rest'] = await tenant.create('/Groups', aGroup('Rest'))
  await aPolicy(server.owner, tenant.id, {
    name: 'laptops',
    cardinality: 'One',
    defaultValue: 'standard',
    rules: [{ name: 'engineers', match: { anyGroup: [{ displayName: 'Crew' }] }, assign: ['fast', 'big'] }],
  })
  await aPolicy(server.owner, tenant.id, {
    name: 'licences',
    cardinality: 'Many',
    rules: [{ name: 'titled', match: { where: 'title pr' }, assign: ['cad'] }],
  })
  await evaluateAll(db.workerUrl, tenant.id)
})

describe('GET /v1/users', () => {
  // Only these attributes have an effect; the first address counts, not the primary one.
  test('K5, K6, K7, K8: shows people as the product sees them', async () => {
    const { body } = await ask('/v1/users')
    expect(body).toEqual({
      items: [
        {
          id: ids['ada'],
          userName: 'ada',
          displayName: 'Ada L',
          email: 'first@x.example',
          title: 'Engineer',
          department: 'R&D',
          active: true,
          archived: false,
          incomplete: false,
          externalId: '00u1',
        },
        expect.objectContaining({ displayName: 'Bob B', active: false, archived: true, email: null }),
        expect.objectContaining({ displayName: 'cyd', incomplete: true }),
      ],
      next: null,
    })
  })

  test.for([
    ['active', ['ada', 'cyd']],
    ['archived', ['bob']],
  ] as const)('state=%s shows only %j', async ([state, names]) => {
    const { body } = await ask(`/v1/users?state=${state}`)
    expect(body.items.map(({ userName }: { userName: string }) => userName)).toEqual(names)
  })

  test('is walked by cursor, page by page', async () => {
    expect((await walk('/v1/users?limit=1')).map(({ userName }) => userName)).toEqual(['ada', 'bob', 'cyd'])
    expect((await walk('/v1/users?limit=1&state=active')).map(({ userName }) => userName)).toEqual([
      'ada',
      'cyd',
    ])
  })
})

test('GET /v1/groups shows groups by id, name and external id', async () => {
  expect(await walk('/v1/groups?limit=1')).toEqual([
    { id: ids['crew'], displayName: 'Crew', externalId: 'g1' },
    { id: ids['rest'], displayName: 'Rest', externalId: null },
  ])
})

const facts = (items: readonly Record<string, unknown>[]) =>
  items.map(({ user, policy, value, rule }) => ({ user, policy, value, rule }))
const fast = () => ({ user: ids['ada'], policy: 'laptops', value: 'fast', rule: 'engineers' })
const big = () => ({ ...fast(), value: 'big' })
const standard = () => ({ user: ids['cyd'], policy: 'laptops', value: 'standard', rule: null })
const cad = () => ({ user: ids['ada'], policy: 'licences', value: 'cad', rule: 'titled' })

describe('GET /v1/assignments', () => {
  test('shows who holds what by which rule; archived users hold nothing', async () => {
    const items = await walk('/v1/assignments?limit=1')
    expect(facts(items)).toHaveLength(4)
    expect(facts(items)).toEqual(expect.arrayContaining([fast(), big(), standard(), cad()]))
    for (const { since } of items) expect(Date.parse(String(since))).toBeGreaterThan(Date.now() - 60_000)
  })

  test('is narrowed by user, policy and value, together too', async () => {
    expect(facts(await walk(`/v1/assignments?user=${ids['cyd']}`))).toEqual([standard()])
    expect(facts(await walk('/v1/assignments?policy=licences'))).toEqual([cad()])
    expect(facts(await walk('/v1/assignments?value=big&limit=1'))).toEqual([big()])
    expect(facts(await walk(`/v1/assignments?user=${ids['ada']}&policy=laptops&value=fast`))).toEqual([
      fast(),
    ])
    expect(await walk('/v1/assignments?policy=nothing')).toEqual([])
    expect(await walk(`/v1/assignments?user=${ids['bob']}`)).toEqual([])
  })
})

describe('GET /v1/explain', () => {
  test('says for every rule whether it matched and why', async () => {
    const { body } = await ask(`/v1/explain?user=${ids['cyd']}&policy=laptops`)
    expect(body).toEqual({
      user: ids['cyd'],
      policies: [
        {
          policy: 'laptops',
          held: [{ value: 'standard', rule: null }],
          decided: [{ value: 'standard', rule: null }],
          upToDate: true,
          because: expect.stringContaining('default'),
          rules: [
            { rule: 'engineers', matched: false, applied: false, because: expect.stringContaining('Crew') },
          ],
        },
      ],
    })
  })

  test('explains every policy unless one is named', async () => {
    const { body } = await ask(`/v1/explain?user=${ids['ada']}`)
    expect(body.policies.map(({ policy }: { policy: string }) => policy).toSorted()).toEqual([
      'laptops',
      'licences',
    ])
  })

  test.for([
    ['user=01a203d3-ea8a-79a9-b1f1-6c436d742113', 'user'],
    ['policy=nothing', 'policy'],
  ] as const)('?%s is 404 and names the parameter', async ([query, parameter]) => {
    const user = query.startsWith('user') ? '' : `user=${ids['ada']}&`
    const reply = await ask(`/v1/explain?${user}${query}`)
    expect(reply).toMatchObject({ status: 404, body: { parameter } })
  })
})

test('what is answered is what /openapi.json promises, which is public', async () => {
  const { body, status } = await ask('/openapi.json', null)
  expect(status).toBe(200)
  expect(body.openapi).toBe('3.1.0')
  expect(Object.keys(body.paths)).toEqual(['/v1/users', '/v1/groups', '/v1/assignments', '/v1/explain'])
  for (const path of Object.keys(body.paths)) {
    const { get } = body.paths[path]
    const answer = (await ask(path === '/v1/explain' ? `${path}?user=${ids['ada']}` : path)).body
    const { required, properties } = get.responses[200].content['application/json'].schema
    expect(new Set(Object.keys(answer))).toEqual(new Set(required))
    const items = properties.items ?? properties.policies
    expect(new Set(Object.keys((answer.items ?? answer.policies)[0]))).toEqual(new Set(items.items.required))
    for (const parameter of get.parameters) expect(parameter).toMatchObject({ in: 'query', schema: {} })
  }
  const explain = body.paths['/v1/explain'].get.parameters
  expect(explain.find(({ name }: { name: string }) => name === 'user').required).toBe(true)
})
