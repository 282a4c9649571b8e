/** The state folder: whose it is, which version wrote it, and that no two processes use it at once. */
import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { z } from 'zod'

import { isErrno, readIfThere, writeAtomically } from './kube-folder/atomic-file.ts'
import { startOf } from './process-identity.ts'

import { Mistake } from '#platform/mistake.ts'

/** Raised when a release cannot read what an older one left behind. */
const stateVersion = 1

export interface StateFolder extends AsyncDisposable {
  readonly path: string
  /** Objects, Secrets and status. */
  readonly kubernetes: string
  readonly pepper: string
  readonly postgres: string
  readonly ready: string
}

/** Opens the folder, making it if absent, and locks it; throws a Mistake for each way in which it is unfit. */
export const openStateFolder = async (given: string): Promise<StateFolder> => {
  const path = resolve(given)
  try {
    await prepare(path)
    const unlock = await lock(path)
    return { ...pathsIn(path), [Symbol.asyncDispose]: unlock }
  } catch (error) {
    if (
      isErrno(error, 'EACCES') ||
      isErrno(error, 'EPERM') ||
      isErrno(error, 'EROFS') ||
      isErrno(error, 'ENOENT')
    )
      throw new Mistake(`The state folder ${path} cannot be written: ${error.message}.`, { cause: error })
    if (isErrno(error, 'ENOTDIR') || isErrno(error, 'EEXIST'))
      throw new Mistake(`The state folder ${path} is a file, or lies below one.`, { cause: error })
    throw error
  }
}

/** Where things stand in a state folder, for programs that only look. */
export const pathsIn = (path: string) => ({
  path,
  kubernetes: join(path, 'kubernetes'),
  pepper: join(path, 'pepper'),
  postgres: join(path, 'postgres'),
  ready: join(path, 'ready.json'),
})

const Version = z.object({ version: z.int() })

const prepare = async (path: string): Promise<void> => {
  const isNew = await made(path)
  // Postgres refuses to run as root and gets a user of its own, who must be able to pass through.
  if (isNew && process.getuid?.() === 0) await chmod(path, 0o711)
  const versionFile = join(path, 'version.json')
  const text = await readIfThere(versionFile)
  if (text === undefined) {
    const others = (await readdir(path)).filter((name) => name !== 'lock' && !name.startsWith('.'))
    if (others.length > 0)
      throw new Mistake(
        `${path} is not empty and no state folder: choose an empty or a new one with --state.`,
      )
    await writeAtomically(versionFile, `${JSON.stringify({ version: stateVersion })}\n`)
    return
  }
  const found = Version.safeParse(parsed(text))
  if (!found.success || found.data.version !== stateVersion)
    throw new Mistake(
      `The state folder ${path} has version ${found.success ? found.data.version : 'unknown'}, but this release needs version ${stateVersion}: start the release that wrote it, or choose another folder with --state.`,
    )
}

/** Whether it made the folder. Not `recursive`: where a parent is there and takes no folder (/proc), that never ends. */
const made = async (path: string): Promise<boolean> => {
  try {
    await mkdir(path, { mode: 0o700 })
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST') && (await stat(path)).isDirectory()) return false
    const parent = dirname(path)
    if (!isErrno(error, 'ENOENT') || (await isThere(parent))) throw error
    await made(parent)
    return made(path)
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const Holder = z.object({ pid: z.int(), started: z.string(), id: z.string() })

/** Takes the lock; whoever held it and is gone (killed, restarted) is no hindrance. */
const lock = async (path: string): Promise<() => Promise<void>> => {
  const file = join(path, 'lock')
  const own = JSON.stringify({ pid: process.pid, started: await startOf(process.pid), id: randomUUID() })
  const draft = join(path, `.lock-${process.pid}`)
  await writeFile(draft, own, { mode: 0o600 })
  try {
    // Two rounds: the second after a stale lock was put away.
    if ((await linked(draft, file)) || ((await putAwayStale(path, file)) && (await linked(draft, file)))) {
      return async () => {
        if ((await readIfThere(file)) === own) await rm(file, { force: true })
      }
    }
  } finally {
    await rm(draft, { force: true })
  }
  throw new Mistake(
    `The state folder ${path} is in use by another instance: choose another one with --state.`,
  )
}

/** A link appears whole and only where there is none: what locking needs. */
const linked = async (draft: string, file: string): Promise<boolean> => {
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

const putAwayStale = async (path: string, file: string): Promise<boolean> => {
  const text = await readIfThere(file)
  if (text === undefined) return true
  if (await isHeld(text)) return false
  const aside = join(path, `.stale-lock-${process.pid}`)
  await rename(file, aside)
  // Somebody else may have put the stale one away first and taken the lock: then it was theirs, give it back.
  const isSame = (await readIfThere(aside)) === text
  if (!isSame) await linked(aside, file)
  await rm(aside, { force: true })
  return isSame
}

/** A process id alone may have been given to another process since; with its start time it is one process. */
const isHeld = async (text: string): Promise<boolean> => {
  const holder = Holder.safeParse(parsed(text))
  return holder.success && (await startOf(holder.data.pid)) === holder.data.started
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Cut short by a crash: a lock without a holder, or a folder of no known version.
    return undefined
  }
}
