import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

import { Client } from 'pg'
import { beforeAll, describe, expect, test, vi } from 'vitest'

import { aGroup, aPatch } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const memberCount = 100_000
/** Sorted. */
let ids: readonly string[] = []
let everybody = ''

/** Users as short as they can be, made by Postgres: what is tested is the group. */
beforeAll(async () => {
  ids = Array.from({ length: memberCount }, () => randomUUID()).toSorted()
  await inPostgres(async (client) => {
    await client.query(
      `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
        select $1, one.id, 'User', one.n::text, '{}', '{}', 1, now(), now()
        from unnest($2::uuid[]) with ordinality as one (id, n)`,
      [used.tenant.id, ids],
    )
    await client.query('analyze resource')
  })
  everybody = await used.tenant.create('/Groups', aGroup('Everybody'))
}, 60_000)

test('a PUT with 100,000 members is within the body limit, and a PATCH of that group answers without them', async () => {
  const { tenant } = used
  const [first = ''] = ids
  const path = `/Groups/${everybody}?excludedAttributes=members`
  const put = await tenant.put(path, aGroup('Everybody', ids))
  expect(put.status).toBe(200)
  expect(put.text.length).toBeLessThan(1000)
  for (const operation of [
    { op: 'remove', path: `members[value eq "${first}"]` },
    { op: 'add', path: 'members', value: [{ value: first }] },
  ]) {
    const reply = await tenant.patch(path, aPatch(operation))
    expect(reply.status).toBe(200)
    expect(reply.text.length).toBeLessThan(1000)
  }
}, 180_000)

describe('100,000 members', { timeout: 120_000 }, () => {
  test('are read in small pieces, each one once, in the order of their ids', async () => {
    const { tenant } = used
    const { head, chunks } = await chunksOf(`/Groups/${everybody}`)
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(memberCount * 10)
    expect(head).not.toMatch(/^content-length:/im)
    const shown = JSON.parse(Buffer.concat(chunks).toString())
    expect(members(shown)).toEqual(ids)
    expect(shown.members[0]).toEqual({
      value: ids[0],
      $ref: `${tenant.baseURL}/Users/${ids[0]}`,
      type: 'User',
    })
    const { body, headers } = await tenant.get(`/Groups/${everybody}?excludedAttributes=members`)
    expect({ ...body, members: shown.members }).toEqual(shown)
    expect(head).toContain(`etag: ${String(headers.etag)}\r\n`)
  })

  test('are shown as the client asks, and not again to one that has the version', async () => {
    const { tenant } = used
    const values = await tenant.get(`/Groups/${everybody}?attributes=members.value`)
    expect(Object.keys(values.body).toSorted()).toEqual(['id', 'members', 'schemas'])
    expect(values.body.members).toEqual(ids.map((value) => ({ value })))
    const etag = String(values.headers.etag)
    expect(await tenant.get(`/Groups/${everybody}`, { 'if-none-match': etag })).toMatchObject({ status: 304 })
    const head = await tenant.send('HEAD', `/Groups/${everybody}`)
    expect(head).toMatchObject({ status: 200, text: '', headers: { etag } })
    await vi.waitFor(async () => expect(await openSnapshots()).toBe(0), { timeout: 30_000 })
  })

  test('are in the answers to POST, PUT and PATCH that show them, with the version that was written', async () => {
    const { tenant } = used
    const some = ids.slice(0, 5000)
    const created = await tenant.post('/Groups', aGroup('Created whole', some))
    expect(created.status).toBe(201)
    expect(members(created.body)).toEqual(some)
    const { id } = created.body
    expect(created.headers['location']).toBe(`${tenant.baseURL}/Groups/${id}`)
    const put = await tenant.put(`/Groups/${id}`, aGroup('Put whole', some.slice(1)))
    expect(members(put.body)).toEqual(some.slice(1))
    const rename = aPatch({ op: 'replace', path: 'displayName', value: 'Patched' })
    const patch = await tenant.patch(`/Groups/${id}`, rename)
    expect(patch.body).toMatchObject({ displayName: 'Patched', meta: { version: patch.headers.etag } })
    expect(members(patch.body)).toEqual(some.slice(1))
    await tenant.delete(`/Groups/${id}`)
  })

  test('are in lists, beside groups with few', async () => {
    const { tenant } = used
    const [one = ''] = ids
    await tenant.create('/Groups', aGroup('Everybody else', [one]))
    const filter = encodeURIComponent('displayName sw "Everybody"')
    const { body } = await tenant.get(`/Groups?filter=${filter}&sortBy=displayName`)
    expect(body).toMatchObject({ totalResults: 2, startIndex: 1, itemsPerPage: 2 })
    expect(body.Resources.map(members)).toEqual([ids, [one]])
    const [group] = body.Resources
    expect((await tenant.get(`/Groups/${everybody}`)).body).toEqual(group)
  })

  test('are those of one moment, however slowly the client takes them', async () => {
    const { tenant } = used
    const slow = await asked(`/Groups/${everybody}`)
    // What the client does not take is not read: without this the answer would be over at once.
    await vi.waitFor(async () => expect(await openSnapshots('1 second')).toBe(1), { timeout: 30_000 })
    const value = [ids.at(0), ids.at(-1)].map((id) => ({ value: id }))
    const path = `/Groups/${everybody}?excludedAttributes=members`
    await tenant.patch(path, aPatch({ op: 'remove', path: 'members', value }))
    const shown = JSON.parse(await text(slow))
    expect(members(shown)).toEqual(ids)
    expect(shown.meta.version).toBe(slow.headers.etag)
    const now = await tenant.get(`/Groups/${everybody}`)
    expect(members(now.body)).toEqual(ids.slice(1, -1))
    expect(now.headers.etag).not.toBe(slow.headers.etag)
    await tenant.patch(path, aPatch({ op: 'add', path: 'members', value }))
  })

  test('are read no further when the client has gone', async () => {
    const slow = await asked(`/Groups/${everybody}`)
    await vi.waitFor(async () => expect(await openSnapshots('1 second')).toBe(1), { timeout: 30_000 })
    slow.destroy()
    await vi.waitFor(async () => expect(await openSnapshots()).toBe(0), { timeout: 30_000 })
    await vi.waitFor(async () => expect(await countOf('499')).toBe(1), { timeout: 30_000 })
  })

  test('that cannot be read to their end make no answer: the connection breaks off', async () => {
    const slow = await asked(`/Groups/${everybody}`)
    await vi.waitFor(async () => expect(await openSnapshots('1 second')).toBe(1), { timeout: 30_000 })
    await inPostgres((client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where ${ofSnapshots} and datname = $1`,
        [used.db.name],
      ),
    )
    await expect(text(slow)).rejects.toMatchObject({ code: 'ECONNRESET' })
    await vi.waitFor(async () => expect(await countOf('503')).toBe(1), { timeout: 30_000 })
    expect(used.server.log).toContainEqual(
      expect.objectContaining({ msg: 'request failed', status: 503, method: 'GET' }),
    )
    expect(
      (await used.tenant.get(`/Groups/${everybody}?attributes=members.value`)).body.members,
    ).toHaveLength(memberCount)
  })
})

const members = (shown: { readonly members: readonly { readonly value: string }[] }): readonly string[] =>
  shown.members.map(({ value }) => value)

const inPostgres = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: used.db.adminUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const ofSnapshots = `usename = 'scim_app' and state = 'idle in transaction'`

/** Transactions that wait for their client, for at least so long. */
const openSnapshots = (age = '0'): Promise<number> =>
  inPostgres(async (client) => {
    const { rows } = await client.query<{ readonly count: number }>(
      `select count(*)::int from pg_stat_activity
        where ${ofSnapshots} and datname = $1 and state_change <= now() - $2::interval`,
      [used.db.name, age],
    )
    return rows[0]?.count ?? 0
  })

/** Groups' GETs that were answered with this code. */
const countOf = async (code: string): Promise<number> => {
  const lines = (await used.server.metrics.registry.metrics()).split('\n')
  const line = lines.find(
    (one) => /^scim_requests_total.*type="Group",method="GET"/.test(one) && one.includes(`"${code}"`),
  )
  return Number(line?.split(' ').at(-1) ?? 0)
}

/** The head of an answer whose body nobody takes yet. */
const asked = async (path: string): Promise<IncomingMessage> => {
  const headers = { authorization: `Bearer ${used.tenant.token}` }
  const sent = request(used.tenant.baseURL + path, { headers, agent: false })
  sent.end()
  const [response]: IncomingMessage[] = await once(sent, 'response')
  if (response === undefined) throw new Error('There is no response')
  return response
}

/** The chunks of an answer as the server has made them: what it writes at once is one. */
const chunksOf = async (path: string): Promise<{ head: string; chunks: readonly Buffer[] }> => {
  const url = new URL(used.tenant.baseURL + path)
  const socket = connect(Number(url.port), url.hostname)
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  socket.write(
    `GET ${url.pathname} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${used.tenant.token}\r\n\r\n`,
  )
  await once(socket, 'close')
  const answer = Buffer.concat(parts)
  const endOfHead = answer.indexOf('\r\n\r\n') + 4
  const chunks: Buffer[] = []
  for (let at = endOfHead; ;) {
    const endOfSize = answer.indexOf('\r\n', at)
    const size = Number.parseInt(answer.toString('latin1', at, endOfSize), 16)
    if (size === 0 || Number.isNaN(size)) return { head: answer.toString('latin1', 0, endOfHead), chunks }
    chunks.push(answer.subarray(endOfSize + 2, endOfSize + 2 + size))
    at = endOfSize + 2 + size + 2
  }
}
