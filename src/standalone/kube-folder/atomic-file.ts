/** Files that are whole or not there: written beside, flushed, renamed. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface WriteOptions {
  /** Permission bits; 0o600 (the owner only) unless told. */
  readonly mode?: number
}

let counter = 0

/** Replaces the file in one step and waits until the disk has it; folders on the way are made, for the owner only. */
export const writeAtomically = async (
  path: string,
  text: string,
  options: WriteOptions = {},
): Promise<void> => {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  counter += 1
  const temporary = join(folder, `.${process.pid}-${counter}.tmp`)
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** Whether the file is what a write left behind when its process was killed. */
export const isLeftover = (path: string): boolean => /(^|\/)\.\d+-\d+\.tmp$/.test(path)

/** Deletes the file for good, so that it does not come back after a crash; no error if it is gone. */
export const removeDurably = async (path: string): Promise<void> => {
  await rm(path, { force: true })
  await syncFolder(dirname(path))
}

/** The text, or undefined if there is no such file. */
export const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether the error is the system's of that name, e.g. `ENOENT`. */
export const isErrno = (error: unknown, code: string): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && error.code === code

/** A rename is only safe once its folder is on the disk. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
