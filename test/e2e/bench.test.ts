import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

const run = promisify(execFile)

test('the bench measures every row at a tiny size, loses no member and writes its page', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'scim-bench-page-'))
  try {
    const output = join(folder, 'bench.md')
    const sizes = ['--sizes', '40,80', '--seconds', '0.1', '--clients', '2']
    await run(process.execPath, ['test/bench/main.ts', ...sizes, '--output', output])
    const page = await readFile(output, 'utf8')
    for (const what of [
      'GET user by id',
      'filter `userName eq`',
      'POST user',
      'filter `externalId eq`, 80 users',
      'filter `emails[type eq "work"].value eq`, 80 users',
      'list page of 100 at the middle',
      'PATCH group, add one member, 10 members',
      'PATCH group, remove one member, 10 members',
      'mixed cycles over 40 tenants',
      'full recompute, 80 users, 256 rules',
      'change to assignment',
    ])
      expect(page).toContain(`| ${what}`)
    expect(page).toContain('| 0 lost, 0 errors (met) |')
    expect(page).toContain('PostgreSQL')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 300_000)
