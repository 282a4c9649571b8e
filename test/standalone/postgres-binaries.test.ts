import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { closedFolder, postgresBinaries } from '#standalone/postgres-binaries.ts'

/** Somebody who is neither the owner of anything nor in any group. */
const stranger = { uid: 4_000_001, gid: 4_000_001 }

test('a folder that the user of Postgres cannot enter is found, the first one on the way', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'reach-')))
  try {
    const closed = join(root, 'closed')
    const inner = join(closed, 'inner')
    await mkdir(inner, { recursive: true })
    await chmod(root, 0o711)
    await chmod(closed, 0o700)
    await chmod(inner, 0o711)
    await expect(closedFolder(inner, stranger)).resolves.toBe(closed)
    await chmod(closed, 0o711)
    await expect(closedFolder(inner, stranger)).resolves.toBeUndefined()
  } finally {
    await rm(root, { recursive: true })
  }
})

test('the binaries that npm installed for this machine are found', async () => {
  const { postgres, initdb } = await postgresBinaries()
  expect(postgres).toMatch(/native\/bin\/postgres$/)
  expect(initdb).toMatch(/native\/bin\/initdb$/)
})
