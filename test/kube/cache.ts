/** The folder of this user's machine that keeps what tests build, fetch or unpack once. */

import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'

/** `$XDG_CACHE_HOME/scim-operator-tests`, by default in `~/.cache` (XDG Base Directory Specification). */
export function cacheRoot(): string {
  const given = process.env['XDG_CACHE_HOME'] ?? ''
  return path.join(path.isAbsolute(given) ? given : path.join(homedir(), '.cache'), 'scim-operator-tests')
}

/** The folder of this name in the cache if it is there, and then it is complete. */
export async function cached(name: string): Promise<string | undefined> {
  const folder = path.join(cacheRoot(), name)
  const found = await stat(folder).catch(() => undefined)
  return found?.isDirectory() === true ? folder : undefined
}

/**
 * The folder of this name, filled first if it is not there. It appears whole or not at all: one interrupted, or two at
 * the same time, leave no half folder.
 *
 * @param fill puts files into the empty folder that it is given, on the file system of the cache
 */
export async function cachedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const found = await cached(name)
  if (found !== undefined) return found
  const root = cacheRoot()
  await mkdir(root, { recursive: true })
  const making = await mkdtemp(path.join(root, `.${name}-`))
  try {
    await fill(making)
    const folder = path.join(root, name)
    await rename(making, folder).catch(async (error: unknown) => {
      // Another process was faster: its folder holds the same.
      if ((await cached(name)) === undefined) throw error
    })
    return folder
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}
