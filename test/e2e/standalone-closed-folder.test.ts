import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startEmbeddedPostgres } from '#standalone/embedded-postgres.ts'

// A checkout in root's home: Postgres runs as somebody else, who may not enter it.
test('the embedded Postgres starts below a folder that only its owner may enter', async () => {
  const closed = await mkdtemp(join(tmpdir(), 'scim-closed-'))
  try {
    await using postgres = await startEmbeddedPostgres(join(closed, 'state'), new AbortController().signal)
    const client = new Client({ connectionString: postgres.ownerUrl })
    await client.connect()
    const { rows } = await client.query('select current_user as owner')
    await client.end()
    expect(rows).toEqual([{ owner: 'scim_owner' }])
  } finally {
    await rm(closed, { recursive: true, force: true })
  }
})
