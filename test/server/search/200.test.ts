import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

beforeAll(async () => {
  for (const name of ['sue', 'tom', 'uli'])
    await used.tenant.create('/Users', aUser(name, { displayName: name }))
  await used.tenant.create('/Groups', aGroup('sue'))
})

describe('.search', () => {
  test('S5: answers as GET with the same question does', async () => {
    const question = {
      filter: 'userName ge "t"',
      sortBy: 'userName',
      sortOrder: 'descending',
      startIndex: 1,
      count: 1,
    }
    const query = Object.entries(question)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&')
    const [searched, got] = await Promise.all([
      used.tenant.post('/Users/.search', { schemas: [urns.search], ...question, attributes: ['userName'] }),
      used.tenant.get(`/Users?${query}&attributes=userName`),
    ])
    expect(searched.status).toBe(200)
    expect(searched.body).toEqual(got.body)
    expect(searched.body).toMatchObject({
      totalResults: 2,
      itemsPerPage: 1,
      Resources: [{ userName: 'uli' }],
    })
  })

  test('D11, S5: at the root spans all types, each with its own projection', async () => {
    const reply = await used.tenant.post('/.search', {
      schemas: [urns.search],
      filter: 'displayName eq "sue"',
      attributes: ['userName', 'displayName'],
    })
    expect(reply.body.Resources).toMatchObject([
      { schemas: [urns.user], userName: 'sue', displayName: 'sue' },
      { schemas: [urns.group], displayName: 'sue' },
    ])
  })

  test('pages by cursor too', async () => {
    const first = await used.tenant.post('/Users/.search', { cursor: '', count: 2 })
    expect(first.body.totalResults).toBe(3)
    const second = await used.tenant.post('/Users/.search', { cursor: first.body.nextCursor, count: 2 })
    expect([...first.body.Resources, ...second.body.Resources].map(({ userName }) => userName)).toEqual([
      'sue',
      'tom',
      'uli',
    ])
  })

  test('refuses parameters of a wrong type', async () => {
    expect(await used.tenant.post('/Users/.search', { count: { much: true } })).toEqual(
      scimError(400, 'invalidValue'),
    )
    expect(await used.tenant.post('/Users/.search', { filter: ['a', 1] })).toEqual(
      scimError(400, 'invalidValue'),
    )
  })
})
