import { describe, expect, test } from 'vitest'

import { urns } from '#test/kit/scim-bodies.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Okta, both ways: apps of the App Integration Wizard PUT, those of the integration network PATCH.
const used = useServer()

/** As Okta sends: the text of its token field as it is, and its media type with a charset. */
const okta = (method: string, path: string, body?: object): Promise<Reply> =>
  sendTo(used.tenant.baseURL + path, method, {
    token: null,
    body,
    headers: {
      authorization: used.tenant.token,
      accept: 'application/scim+json',
      'user-agent': 'Okta SCIM Client 1.0.0',
      ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
    },
  })

const profile = (userName: string, more: object = {}): object => ({
  schemas: [urns.user],
  userName,
  name: { givenName: 'Zoë', familyName: 'Ångström' },
  emails: [{ primary: true, value: userName, type: 'work' }],
  displayName: 'Zoë Ångström',
  locale: 'en-US',
  externalId: `00u-${userName}`,
  groups: [],
  password: '1mz050nq',
  active: true,
  ...more,
})

const match = async (userName: string): Promise<Reply> =>
  okta('GET', `/Users?filter=userName%20eq%20%22${encodeURIComponent(userName)}%22&startIndex=1&count=100`)

test('the test of the connector finds an empty list with numbers in it', async () => {
  const tenant = await used.server.newTenant()
  for (const path of ['/Users?startIndex=1&count=2', '/Users?count=2', '/Groups?count=100&startIndex=1']) {
    const { body, status } = await tenant.get(path)
    expect({ status, ...body }).toEqual({
      status: 200,
      schemas: [urns.list],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    })
  }
})

describe('an app of the wizard', () => {
  test('matches, creates, updates, deactivates and reactivates by PUT, always the same user', async () => {
    const userName = 'zoe+okta@example.com'
    expect((await match(userName)).body.totalResults).toBe(0)
    const created = await okta('POST', '/Users', profile(userName))
    expect(created.status).toBe(201)
    const { id } = created.body

    // It reads, edits, and sends everything back: id, meta and groups too, and empty texts for what is not set.
    const read = (await okta('GET', `/Users/${id}`)).body
    const updated = await okta('PUT', `/Users/${id}`, {
      ...read,
      groups: [],
      nickName: '',
      title: 'Physicist',
    })
    expect(updated).toMatchObject({ status: 200, body: { id, title: 'Physicist', active: true } })
    expect(updated.body).not.toHaveProperty('nickName')

    const gone = await okta('PUT', `/Users/${id}`, { ...updated.body, active: false })
    expect(gone).toMatchObject({ status: 200, body: { id, active: false } })
    // C9293: the deactivated user is still found, so that it is linked and not created again.
    expect((await match(userName)).body.Resources).toMatchObject([{ id, active: false }])
    const back = await okta('PUT', `/Users/${id}`, { ...gone.body, active: true })
    expect(back).toMatchObject({ status: 200, body: { id, active: true, title: 'Physicist' } })
  })

  test('pushes a group by POST and PUT with full members', async () => {
    const ids: string[] = []
    for (const name of ['w1@example.com', 'w2@example.com'])
      ids.push((await okta('POST', '/Users', profile(name))).body.id)
    expect((await okta('GET', '/Groups?filter=displayName%20eq%20%22Wizards%22')).body.totalResults).toBe(0)
    const group = await okta('POST', '/Groups', {
      schemas: [urns.group],
      displayName: 'Wizards',
      members: [],
    })
    expect(group.status).toBe(201)
    const members = ids.map((value) => ({ value, display: 'w' }))
    const put = { schemas: [urns.group], id: group.body.id, displayName: 'Wizards' }
    const full = await okta('PUT', `/Groups/${group.body.id}`, { ...put, members })
    expect(full.body.members.map(({ value }: { value: string }) => value)).toEqual(ids)
    const again = await okta('PUT', `/Groups/${group.body.id}`, { ...put, members })
    expect(again.body.meta).toEqual(full.body.meta)
    const one = await okta('PUT', `/Groups/${group.body.id}`, { ...put, members: members.slice(1) })
    expect(one.body.members).toHaveLength(1)
  })

  // SimpleIdServer #247: a group is pushed before its users.
  test('may push members that do not exist yet; they join once they are there', async () => {
    const group = await okta('POST', '/Groups', {
      schemas: [urns.group],
      displayName: 'Early',
      members: [{ value: '00u-early@example.com' }],
    })
    expect(group.status).toBe(201)
    expect(group.body).not.toHaveProperty('members')
    const user = await okta('POST', '/Users', profile('early@example.com'))
    const seen = await okta('GET', `/Groups/${group.body.id}`)
    expect(seen.body.members).toMatchObject([{ value: user.body.id }])
  })
})

describe('an app of the integration network', () => {
  test('deactivates without a path', async () => {
    const { id } = (await okta('POST', '/Users', profile('oin@example.com'))).body
    const body = { schemas: [urns.patchOp], Operations: [{ op: 'replace', value: { active: false } }] }
    expect(await okta('PATCH', `/Users/${id}`, body)).toMatchObject({
      status: 200,
      body: { id, active: false },
    })
  })

  test('renames, removes and adds in one body that repeats the id', async () => {
    const ids: string[] = []
    for (const name of ['n1@example.com', 'n2@example.com'])
      ids.push((await okta('POST', '/Users', profile(name))).body.id)
    const group = await okta('POST', '/Groups', {
      schemas: [urns.group],
      displayName: 'Network',
      members: [{ value: ids[0] }],
    })
    const { id } = group.body
    const reply = await okta('PATCH', `/Groups/${id}`, {
      schemas: [urns.patchOp],
      Operations: [
        { op: 'replace', value: { id, displayName: 'Network 2' } },
        { op: 'remove', path: `members[value eq "${ids[0]}"]` },
        { op: 'add', path: 'members', value: [{ value: ids[1], display: 'n2@example.com' }] },
      ],
    })
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ displayName: 'Network 2', members: [{ value: ids[1] }] })
    // "Push now" sends the whole list, which may be empty.
    const empty = { schemas: [urns.patchOp], Operations: [{ op: 'replace', path: 'members', value: [] }] }
    expect((await okta('PATCH', `/Groups/${id}`, empty)).body).not.toHaveProperty('members')
    expect((await okta('DELETE', `/Groups/${id}`)).status).toBe(204)
    expect((await okta('GET', `/Users/${ids[1]}`)).status).toBe(200)
  })
})
