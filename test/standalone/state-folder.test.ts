import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openStateFolder } from '#standalone/state-folder.ts'

const temporary = async () => {
  const path = await mkdtemp(join(tmpdir(), 'state-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('a new folder is made for its owner, a second opening in turn is welcome', async () => {
  await using root = await temporary()
  const path = join(root.path, 'deep', 'state')
  {
    await using state = await openStateFolder(path)
    expect(state.kubernetes).toBe(join(path, 'kubernetes'))
    expect((await stat(path)).mode & 0o066).toBe(0)
  }
  await using again = await openStateFolder(path)
  expect(again.path).toBe(path)
})

test('a folder in use is refused in one sentence', async () => {
  await using root = await temporary()
  const path = join(root.path, 'state')
  await using first = await openStateFolder(path)
  expect(first.path).toBe(path)
  await expect(openStateFolder(path)).rejects.toThrow(
    `The state folder ${path} is in use by another instance: choose another one with --state.`,
  )
})

test('the lock of a process that is gone, or whose id was given to another, is no hindrance', async () => {
  await using root = await temporary()
  const path = join(root.path, 'state')
  await (await openStateFolder(path))[Symbol.asyncDispose]()
  const stale = [
    '',
    JSON.stringify({ pid: 2 ** 22 + 1, started: 'some boot 1', id: 'x' }),
    JSON.stringify({ pid: process.pid, started: 'another boot 1', id: 'x' }),
  ]
  for (const text of stale) {
    await writeFile(join(path, 'lock'), text)
    await using state = await openStateFolder(path)
    expect(await readFile(join(state.path, 'lock'), 'utf8')).toContain(`"pid":${process.pid}`)
  }
})

test('a folder that another version wrote is refused with both versions', async () => {
  await using root = await temporary()
  const path = join(root.path, 'state')
  await (await openStateFolder(path))[Symbol.asyncDispose]()
  await writeFile(join(path, 'version.json'), '{"version": 7}')
  await expect(openStateFolder(path)).rejects.toThrow(
    /has version 7, but this release needs version 1: .*--state\.$/,
  )
})

test('a folder whose version cannot be read is refused in one sentence', async () => {
  await using root = await temporary()
  const path = join(root.path, 'state')
  await (await openStateFolder(path))[Symbol.asyncDispose]()
  await writeFile(join(path, 'version.json'), '{"vers')
  await expect(openStateFolder(path)).rejects.toThrow(/has version unknown, .*--state\.$/)
})

test('a folder with other things in it is not taken for a state folder', async () => {
  await using root = await temporary()
  await writeFile(join(root.path, 'thesis.txt'), '')
  await expect(openStateFolder(root.path)).rejects.toThrow('is not empty and no state folder')
})

test('a path below a file is refused in one sentence', async () => {
  await using root = await temporary()
  await writeFile(join(root.path, 'file'), '')
  await expect(openStateFolder(join(root.path, 'file'))).rejects.toThrow('is a file, or lies below one.')
  await expect(openStateFolder(join(root.path, 'file', 'state'))).rejects.toThrow(
    'is a file, or lies below one.',
  )
})

// Neither root nor anybody else may make a folder there.
test('a folder that cannot be written is refused in one sentence', async () => {
  await expect(openStateFolder('/sys/scim-state')).rejects.toThrow(
    /^The state folder \/sys\/scim-state cannot be written: \w+: .*\.$/,
  )
})

test.runIf(process.platform === 'linux')(
  'a folder where the system makes none is refused in one sentence, at any depth',
  async () => {
    for (const path of ['/proc/scim-state', '/proc/scim-state/below'])
      await expect(openStateFolder(path)).rejects.toThrow(
        `The state folder ${path} cannot be written: ENOENT`,
      )
  },
)
