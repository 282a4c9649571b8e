import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test, vi } from 'vitest'

import { createPepper, openKeyring } from '#platform/pepper.ts'

const start = Date.parse('2026-11-22T12:00:00Z')

const folderWith = async (ages: Readonly<Record<string, number>>) => {
  const path = await mkdtemp(join(tmpdir(), 'pepper-'))
  const add = async (kid: string, ageSeconds: number): Promise<void> => {
    await writeFile(join(path, kid), kid.padEnd(32, '-'))
    await utimes(join(path, kid), start / 1000 - ageSeconds, start / 1000 - ageSeconds)
  }
  for (const [kid, age] of Object.entries(ages)) await add(kid, age)
  return { path, add, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('the newest key by name is current once it has been there for 30 seconds', async () => {
  await using folder = await folderWith({ k1: 1000, k2: 30 })
  await using keyring = await openKeyring(folder.path, { now: () => start })
  expect(keyring.current().kid).toBe('k2')
  expect(keyring.find('k1')?.key.toString()).toBe('k1'.padEnd(32, '-'))
  expect(keyring.find('k3')).toBeUndefined()
})

test('a key that has just come is known at once and used only later', async () => {
  await using folder = await folderWith({ k1: 1000, k2: 29 })
  let now = start
  await using keyring = await openKeyring(folder.path, { now: () => now })
  expect(keyring.find('k2')).toBeDefined()
  expect(keyring.current().kid).toBe('k1')
  now += 1000
  expect(keyring.current().kid).toBe('k2')
})

test('the only key is used at once, however new', async () => {
  await using folder = await folderWith({ k1: 0 })
  await using keyring = await openKeyring(folder.path, { now: () => start })
  expect(keyring.current().kid).toBe('k1')
})

test('where a fresh mount makes all keys look new, the one before the newest is used', async () => {
  await using folder = await folderWith({ k1: 0, k2: 0, k3: 0 })
  await using keyring = await openKeyring(folder.path, { now: () => start })
  expect(keyring.current().kid).toBe('k2')
})

test('a key added while the process runs is found, and a failed reread keeps what was there', async () => {
  await using folder = await folderWith({ k1: 1000 })
  const errors: unknown[] = []
  await using keyring = await openKeyring(folder.path, {
    now: () => start,
    rereadMs: 5,
    onError: (error) => errors.push(error),
  })
  await folder.add('k2', 1000)
  await vi.waitFor(() => expect(keyring.find('k2')).toBeDefined(), { timeout: 30_000 })
  expect(keyring.current().kid).toBe('k1')
  await writeFile(join(folder.path, 'k3'), 'short')
  await vi.waitFor(() => expect(String(errors[0])).toContain('k3 has 5 bytes; at least 32 are needed'), {
    timeout: 30_000,
  })
  expect(keyring.find('k2')).toBeDefined()
})

test('what a Secret mount keeps beside the keys is no key, and a folder without keys is refused', async () => {
  await using folder = await folderWith({})
  await mkdir(join(folder.path, '..data'))
  await mkdir(join(folder.path, 'folder'))
  await expect(openKeyring(folder.path)).rejects.toThrow('there is no pepper in')
})

test('standalone makes one key, for its owner only, and never a second one', async () => {
  await using folder = await folderWith({})
  const path = join(folder.path, 'pepper')
  await createPepper(path, new Date(start))
  await createPepper(path, new Date(start + 86_400_000))
  expect(await readdir(path)).toEqual(['k20261122'])
  expect((await stat(join(path, 'k20261122'))).mode & 0o777).toBe(0o600)
  await using keyring = await openKeyring(path)
  expect(keyring.current().key.length).toBeGreaterThanOrEqual(32)
})
