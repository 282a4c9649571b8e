/** The operator's bench, as small as it can be: its rows run, and what does not depend on the machine is met. */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

const run = promisify(execFile)

test("the operator's bench measures every row at a tiny size, counts no write of a look and writes its page", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'scim-bench-page-'))
  try {
    const output = join(folder, 'bench.md')
    const sizes = ['--sizes', '2,5', '--edits', '2', '--idle', '1']
    await run(process.execPath, ['test/bench/operator/main.ts', ...sizes, '--output', output])
    const page = await readFile(output, 'utf8')
    for (const what of [
      'memory of the operator, 0 integrations',
      '2 integrations created until all are Ready, `Shared` endpoints',
      '2 integrations created until all are Ready, HTTPRoutes that a gateway accepts',
      'one edit until Ready, `Shared` endpoints, 4 integrations',
      'one edit until Ready, HTTPRoutes that a gateway accepts, 4 integrations',
      'CPU of the operator at rest',
      'file descriptors of the operator, 5 integrations',
      'restart until its caches are in sync, 5 integrations',
      'full look at 5 integrations of which nothing changed',
      'leader told to stop until the other one leads',
      'leader killed until the other one leads',
    ])
      expect(page).toContain(`| ${what}`)
    expect(page).toContain('| writes to the API server by restart and full look | 0 (met) |')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 600_000)
