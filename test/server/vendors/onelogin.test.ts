import { expect, test } from 'vitest'

import { urns } from '#test/kit/scim-bodies.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// OneLogin: every answer application/json; forms in URLs; templates that customers edit.
const used = useServer({ settings: { compatibility: { contentType: 'JSON' } } })

const onelogin = async (method: string, path: string, body?: object): Promise<Reply> => {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const reply = await used.tenant.send(method, path, { body, headers })
  expect(reply.headers['content-type'] ?? 'application/json').toBe('application/json')
  return reply
}

const template = (userName: string, more: object = {}): object => ({
  schemas: ['urn:scim:schemas:core:1.0', 'urn:scim:schemas:extension:enterprise:1.0'],
  id: null,
  userName,
  name: { givenName: 'Ngũgĩ', familyName: 'Wanjirũ' },
  displayName: 'Ngũgĩ Wanjirũ',
  emails: [{ value: userName, type: 'work', primary: true }],
  active: 'true',
  'urn:scim:schemas:extension:enterprise:1.0': { department: 'Sales', manager: { managerId: '' } },
  ...more,
})

const query = (name: string): string => `/Users?filter=userName+eq+%22${encodeURIComponent(name)}%22&`

test('connects, finds nobody, creates, updates, deactivates and deletes', async () => {
  const userName = 'ngugi+1@example.com'
  expect((await onelogin('GET', query('never-existing'))).body.totalResults).toBe(0)
  const created = await onelogin('POST', '/Users', template(userName))
  expect(created).toMatchObject({
    status: 201,
    body: { userName, active: true, [urns.enterprise]: { department: 'Sales' } },
  })
  const { id } = created.body
  expect((await onelogin('GET', query(userName))).body.Resources).toMatchObject([{ id }])

  const updated = await onelogin('PUT', `/Users/${id}?`, template(userName, { title: 'Head of Sales' }))
  expect(updated).toMatchObject({ status: 200, body: { id, title: 'Head of Sales' } })
  const inactive = await onelogin('PUT', `/Users/${id}`, template(userName, { active: 'false' }))
  expect(inactive).toMatchObject({ status: 200, body: { id, active: false } })
  expect((await onelogin('DELETE', `/Users/${id}`)).status).toBe(204)
  expect((await onelogin('GET', `/Users/${id}`)).status).toBe(404)
})

test('walks groups by page, creates one by name, and adds and removes members by value', async () => {
  const users: string[] = []
  for (const name of ['a', 'b'])
    users.push((await onelogin('POST', '/Users', template(`${name}@example.com`))).body.id)
  expect((await onelogin('GET', '/Groups?count=100&startIndex=1')).body.Resources).toEqual([])
  const group = await onelogin('POST', '/Groups', {
    displayName: 'Mauzo',
    schemas: ['urn:scim:schemas:core:1.0'],
  })
  expect(group.status).toBe(201)
  const change = (op: string, value: readonly object[]): Promise<Reply> =>
    onelogin('PATCH', `/Groups/${group.body.id}`, {
      schemas: [urns.patchOp],
      Operations: [{ op, path: 'members', value }],
    })
  await change(
    'add',
    users.map((value) => ({ value })),
  )
  const removed = await change('remove', [{ value: users[0] }])
  expect(removed.body.members).toMatchObject([{ value: users[1] }])
})

test('imports pages whose itemsPerPage is what they hold', async () => {
  const tenant = await used.server.newTenant()
  for (let n = 0; n < 5; n++) await tenant.create('/Users', template(`import-${n}@example.com`))
  const pages = [
    await tenant.get('/Users?count=3&startIndex=1'),
    await tenant.get('/Users?count=3&startIndex=4'),
  ]
  expect(pages.map(({ body }) => body.itemsPerPage)).toEqual([3, 2])
  const ids = pages.flatMap(({ body }) => body.Resources.map(({ id }: { id: string }) => id))
  expect(new Set(ids).size).toBe(5)
})
