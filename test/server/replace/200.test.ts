import { describe, expect, test } from 'vitest'

import { aGroup, aUser, urns } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

describe('a replacement', () => {
  // RFC 7644 3.5.1: attributes that are omitted are cleared.
  test('C6, hard spot 17: clears what it does not name, and keeps active, id and creation', async () => {
    const created = await used.tenant.post(
      '/Users',
      aUser('put@example.com', { active: false, title: 'Dr', nickName: 'P' }),
    )
    const { id } = created.body
    const reply = await used.tenant.put(`/Users/${id}`, {
      schemas: [urns.user],
      userName: 'put2@example.com',
      title: '',
    })
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      schemas: [urns.user],
      id,
      userName: 'put2@example.com',
      active: false,
      meta: { ...created.body.meta, lastModified: expect.any(String), version: 'W/"2"' },
    })
    expect(reply.headers.etag).toBe('W/"2"')
    expect((await used.tenant.get(`/Users/${id}`)).body).toEqual(reply.body)
  })

  test('R3, K16: with what is there already changes neither version nor lastModified', async () => {
    const created = await used.tenant.post('/Users', aUser('same@example.com', { title: 'Dr' }))
    const reply = await used.tenant.put(`/Users/${created.body.id}`, created.body)
    expect(reply.body).toEqual(created.body)
  })

  test('of a group sets exactly the members that it names', async () => {
    const [a, b] = [
      await used.tenant.create('/Users', aUser('ma')),
      await used.tenant.create('/Users', aUser('mb')),
    ]
    const id = await used.tenant.create('/Groups', aGroup('Put', [a]))
    const members = async (): Promise<unknown> => {
      const { body } = await used.tenant.get(`/Groups/${id}`)
      return (body.members ?? []).map(({ value }: { value: string }) => value)
    }
    await used.tenant.put(`/Groups/${id}`, aGroup('Put', [a, b]))
    expect(await members()).toEqual([a, b])
    await used.tenant.put(`/Groups/${id}`, aGroup('Put', [b]))
    expect(await members()).toEqual([b])
    await used.tenant.put(`/Groups/${id}`, aGroup('Put'))
    expect(await members()).toEqual([])
  })

  test('under the version that If-Match names goes through, and under * any', async () => {
    const id = await used.tenant.create('/Users', aUser('match@example.com'))
    for (const tag of ['W/"1"', '*', '"1", W/"3"']) {
      const reply = await used.tenant.send('PUT', `/Users/${id}`, {
        body: aUser('match@example.com', { title: tag }),
        headers: { 'if-match': tag },
      })
      expect(reply.status).toBe(200)
    }
  })
})
