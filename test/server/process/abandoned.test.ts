import { request } from 'node:http'

import { Client } from 'pg'
import { expect, test } from 'vitest'

import { aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

test('a client that goes away takes its statement in Postgres with it, and nothing is written', async () => {
  const { db, tenant } = used
  const id = await tenant.create('/Users', aUser('abandoned@example.com', { title: 'before' }))
  await using holder = await connected(db.ownerUrl)
  await holder.client.query('begin')
  await holder.client.query('select from resource where tenant_id = $1 and id = $2 for update', [
    tenant.id,
    id,
  ])
  await using watcher = await connected(db.adminUrl)
  const waiting = async (): Promise<number> => {
    const { rows } = await watcher.client.query<{ count: string }>(
      `select count(*) from pg_stat_activity
        where datname = $1 and usename = 'scim_app' and wait_event_type = 'Lock'`,
      [db.name],
    )
    return Number(rows[0]?.count)
  }

  const url = new URL(`${tenant.baseURL}/Users/${id}`)
  const headers = { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/scim+json' }
  const abandoned = request(url, { method: 'PATCH', headers })
  abandoned.on('error', () => undefined)
  abandoned.end(JSON.stringify(aPatch({ op: 'replace', path: 'title', value: 'after' })))
  await expect.poll(waiting).toBe(1)
  abandoned.destroy()

  await expect.poll(waiting).toBe(0)
  await holder.client.query('rollback')
  expect((await tenant.get(`/Users/${id}`)).body.title).toBe('before')
})

const connected = async (url: string): Promise<AsyncDisposable & { readonly client: Client }> => {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
