/** Every table, and every way in that takes an id, with the ids of another tenant: nothing is found, nothing changes. */

import { beforeAll, expect, test } from 'vitest'

import { withClient } from '#directory/client.ts'
import { fill, tenantTables } from '#test/kit/rows.ts'
import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { sendTo } from '#test/kit/server.ts'
import type { Reply, TestTenant } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
let victim: TestTenant
let user = ''
let group = ''
/** Of the tenant that asks, under names that say so. */
let own = { user: '', group: '' }
/** Tokens of the Directory API. */
let readers = { own: '', victim: '' }
/** A user, a group and a policy, written as rows: one in each table. */
let filled = { user: '', group: '', policy: '' }

beforeAll(async () => {
  victim = await used.server.newTenant()
  user = await victim.create('/Users', aUser('victim@example.com', { externalId: 'victim-id' }))
  group = await victim.create('/Groups', aGroup('Victims', [user, 'waiting']))
  filled = await fill(used.server.owner.directory, victim.id)
  own = {
    user: await used.tenant.create('/Users', aUser('own@example.com')),
    group: await used.tenant.create('/Groups', aGroup('Own')),
  }
  readers = {
    own: await used.server.newToken(used.tenant.id, { scope: 'read' }),
    victim: await used.server.newToken(victim.id, { scope: 'read' }),
  }
})

/** Every row of the victim, as text; only the day of its token's last use may move. */
const rowsOfVictim = (): Promise<Readonly<Record<string, readonly string[]>>> =>
  withClient(used.server.owner.directory, async (query) => {
    const tables: Record<string, readonly string[]> = {}
    for (const table of tenantTables) {
      const rows = await query<{ readonly row: string }>(
        `select (to_jsonb(${table}) - 'last_used')::text as row from ${table} where tenant_id = $1 order by 1`,
        [victim.id],
      )
      tables[table] = rows.map(({ row }) => row)
    }
    return tables
  })

/** Does what it is told, and looks whether a row of the victim has come, gone or changed. */
const untouched = async (work: () => Promise<void>): Promise<void> => {
  const before = await rowsOfVictim()
  expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([])
  await work()
  expect(await rowsOfVictim()).toEqual(before)
}

const targets = (): readonly { readonly path: string; readonly data: object }[] => [
  ...[user, filled.user].map((id) => ({ path: `/Users/${id}`, data: aUser('taken@example.com') })),
  ...[group, filled.group].map((id) => ({ path: `/Groups/${id}`, data: aGroup('Taken', [own.user]) })),
]

const patches = (): readonly object[] => [
  aPatch({ op: 'replace', path: 'displayName', value: 'Taken' }),
  aPatch({ op: 'add', path: 'members', value: [{ value: own.user }] }),
  aPatch({ op: 'remove', path: 'members' }),
]

test('SCIM: each method on each id of another tenant is 404', () =>
  untouched(async () => {
    for (const { path, data } of targets()) {
      const replies = [
        await used.tenant.get(path),
        await used.tenant.put(path, data),
        ...(await inTurn(patches(), (patch) => used.tenant.patch(path, patch))).filter(
          // Users have no members: that is refused before anybody looks for the user.
          ({ status }) => !path.startsWith('/Users') || status !== 400,
        ),
        await used.tenant.delete(path),
      ]
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 404))
    }
  }))

test('Bulk: each method on each id of another tenant is 404, also behind a version', () =>
  untouched(async () => {
    const [rename] = patches()
    const operations = targets().flatMap(({ path, data }) =>
      [{}, { version: 'W/"1"' }].flatMap((version) => [
        { method: 'PUT', path, data, ...version },
        { method: 'PATCH', path, data: rename, ...version },
        { method: 'DELETE', path, ...version },
      ]),
    )
    const reply = await used.tenant.post('/Bulk', { Operations: operations })
    expect(reply.body.Operations.map(({ status }: { status: string }) => status)).toEqual(
      operations.map(() => '404'),
    )
  }))

test('Bulk: ids of another tenant are nobody as members and managers, in every method that takes them', () =>
  untouched(async () => {
    const members = [user, group, filled.user, filled.group, 'victim-id']
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    const managed = (userName: string) => aUser(userName, { [enterprise]: { manager: { value: user } } })
    const reply = await used.tenant.post('/Bulk', {
      Operations: [
        { method: 'POST', path: '/Groups', bulkId: 'g', data: aGroup('Thieves', members) },
        { method: 'PUT', path: '/Groups/bulkId:g', data: aGroup('Thieves', members) },
        { method: 'PATCH', path: '/Groups/bulkId:g', data: add(members) },
        { method: 'PATCH', path: `/Groups/${own.group}`, data: add([...members, 'bulkId:u']) },
        { method: 'POST', path: '/Users', bulkId: 'u', data: managed('thief@example.com') },
        { method: 'PUT', path: `/Users/${own.user}`, data: managed('own@example.com') },
      ],
    })
    const results: readonly { readonly status: string; readonly location: string }[] = reply.body.Operations
    expect(results.map(({ status }) => status)).toEqual(['201', '200', '200', '200', '201', '200'])
    const [thieves, , , , thief] = results.map(({ location }) => location.split('/').at(-1) ?? '')
    expect((await used.tenant.get(`/Groups/${thieves}`)).body.members).toBeUndefined()
    expect((await used.tenant.get(`/Groups/${own.group}`)).body.members).toMatchObject([{ value: thief }])
    // A manager is what the identity provider says, but whoever it is, nothing is told of that one.
    expect((await used.tenant.get(`/Users/${thief}`)).body[enterprise].manager).not.toHaveProperty(
      'displayName',
    )
    expect((await victim.get(`/Users/${user}`)).body.groups).toMatchObject([{ value: group }])
  }))

test('Directory API: each path with the ids and names of another tenant finds nothing', () =>
  untouched(async () => {
    const ask = (path: string, token = readers.own) =>
      sendTo(used.server.directoryURL + path, 'GET', { token })
    const { paths }: { paths: object } = (await ask('/openapi.json')).body
    const unknown = [user, filled.user].flatMap((id) => [`user=${id}`, `user=${id}&policy=p`])
    const asked = [
      ...[...unknown, `user=${own.user}&policy=p`].map((query) => ({
        path: `/v1/explain?${query}`,
        status: 404,
      })),
      ...[`user=${user}`, `user=${filled.user}`, 'policy=p', 'value=a', ''].map((query) => ({
        path: `/v1/assignments?${query}`,
        status: 200,
      })),
      { path: '/v1/users', status: 200 },
      { path: '/v1/groups', status: 200 },
    ]
    // A path that comes later is missed here.
    expect(new Set(asked.map(({ path }) => path.split('?')[0]))).toEqual(new Set(Object.keys(paths)))
    for (const { path, status } of asked) {
      const reply = await ask(path)
      const items: unknown = path.startsWith('/v1/assignments') ? reply.body.items : []
      // A refusal repeats the id that was asked for, and tells nothing else.
      const told = [user, group, filled.user, filled.group, filled.policy].filter(
        (id) => !path.includes(id) && reply.text.includes(id),
      )
      expect({ path, status: reply.status, items, told }).toEqual({ path, status, items: [], told: [] })
    }
    // The one who may see them does, so that all this is not merely empty; a cursor leads nowhere else.
    const page = await ask('/v1/users?limit=1', readers.victim)
    expect(page.body.items).toHaveLength(1)
    const stolen = await ask(`/v1/users?limit=1&cursor=${encodeURIComponent(page.body.next)}`)
    expect(stolen.status).toBe(400)
    expect((await ask('/v1/assignments?value=a', readers.victim)).body.items).toHaveLength(1)
  }))

const add = (values: readonly string[]): object =>
  aPatch({ op: 'add', path: 'members', value: values.map((value) => ({ value })) })

const inTurn = async (
  bodies: readonly object[],
  send: (body: object) => Promise<Reply>,
): Promise<readonly Reply[]> => {
  const replies: Reply[] = []
  for (const body of bodies) replies.push(await send(body))
  return replies
}
