import { randomUUID } from 'node:crypto'

import { Client } from 'pg'
import { expect, test } from 'vitest'

import { aGroup, aPatch } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const memberCount = 100_000

/** Users as short as they can be, made by Postgres: what is tested is the group. */
const manyUsers = async (): Promise<readonly string[]> => {
  const ids = Array.from({ length: memberCount }, () => randomUUID())
  const client = new Client({ connectionString: used.db.ownerUrl })
  await client.connect()
  try {
    await client.query(
      `insert into resource (tenant_id, id, type, unique_key, data, folded, version, created, last_modified)
        select $1, one.id, 'User', one.n::text, '{}', '{}', 1, now(), now()
        from unnest($2::uuid[]) with ordinality as one (id, n)`,
      [used.tenant.id, ids],
    )
    await client.query('analyze resource')
  } finally {
    await client.end()
  }
  return ids
}

test('a PUT with 100,000 members is within the body limit, and a PATCH of that group answers without them', async () => {
  const { tenant } = used
  const ids = await manyUsers()
  const id = await tenant.create('/Groups', aGroup('Everybody'))
  const put = await tenant.put(`/Groups/${id}?excludedAttributes=members`, aGroup('Everybody', ids))
  expect(put.status).toBe(200)
  expect(put.text.length).toBeLessThan(1000)

  const patch = await tenant.patch(
    `/Groups/${id}?excludedAttributes=members`,
    aPatch({ op: 'remove', path: `members[value eq "${ids[0]}"]` }),
  )
  expect(patch.text.length).toBeLessThan(1000)

  const { body } = await tenant.get(`/Groups/${id}`)
  const shown = new Set(body.members.map((member: { value: string }) => member.value))
  expect(shown).toEqual(new Set(ids.slice(1)))
}, 180_000)
