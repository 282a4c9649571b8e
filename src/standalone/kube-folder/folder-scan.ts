/** Which files a folder holds, and a call whenever that may have changed. */
import { watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { isErrno } from './atomic-file.ts'

/** By path below the folder: text that differs whenever the file does. */
export type Signatures = ReadonlyMap<string, string>

/** All files with one of the endings, in nested folders too; hidden ones are left out. Throws if the folder is gone. */
export const scanFolder = async (root: string, endings: readonly string[]): Promise<Signatures> => {
  const found = new Map<string, string>()
  const enter = async (folder: string, above: readonly string[]): Promise<void> => {
    const { dev, ino } = await stat(join(root, folder))
    const self = `${dev} ${ino}`
    // A link to a folder above would lead around in a circle.
    if (above.includes(self)) return
    const entries = await readdir(join(root, folder), { withFileTypes: true })
    for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (name.startsWith('.')) continue
      const path = folder === '' ? name : `${folder}/${name}`
      // Not what the entry says: a link counts as what it leads to.
      const facts = await statIfThere(join(root, path))
      if (facts?.isDirectory() === true) await enterIfThere(path, [...above, self])
      else if (facts?.isFile() === true && endings.some((ending) => name.endsWith(ending)))
        found.set(path, `${facts.mtimeMs} ${facts.size} ${facts.ino}`)
    }
  }
  const enterIfThere = async (folder: string, above: readonly string[]): Promise<void> => {
    try {
      await enter(folder, above)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  await enter('', [])
  return found
}

export interface FolderWatchOptions {
  readonly root: string
  /** Called one at a time; once more after it returned if something happened meanwhile. */
  readonly onMaybeChanged: () => Promise<void>
  readonly onError: (error: unknown) => void
  /** The system does not tell of changes (any more); they are found by polling. */
  readonly onWatchError: (error: unknown) => void
  /** The fallback, where the system tells nothing (network and container file systems). */
  readonly pollMs: number
  /** How long to wait after the first sign of a change, so that a burst is one call. */
  readonly gatherMs: number
}

export interface FolderWatch extends AsyncDisposable {
  /** Calls soon. */
  wake(): void
}

export const watchFolder = (options: FolderWatchOptions): FolderWatch => {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let isRunning = false
  let isWanted = false
  let running: Promise<void> = Promise.resolve()

  const run = async (): Promise<void> => {
    isRunning = true
    isWanted = false
    try {
      await options.onMaybeChanged()
    } catch (error) {
      options.onError(error)
    }
    isRunning = false
    if (isWanted) wake()
  }
  const wake = (): void => {
    isWanted = true
    if (isStopped || isRunning || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      running = run()
    }, options.gatherMs)
  }
  const poll = setInterval(wake, options.pollMs)
  const watcher = watchIfPossible(options, wake)
  return {
    wake,
    async [Symbol.asyncDispose]() {
      isStopped = true
      clearInterval(poll)
      clearTimeout(timer)
      watcher?.close()
      await running
    },
  }
}

/** The system may refuse to watch (limits, file systems); polling goes on all the same. */
const watchIfPossible = ({ root, onWatchError }: FolderWatchOptions, wake: () => void) => {
  try {
    return watch(root, { recursive: true }, wake).on('error', onWatchError)
  } catch (error) {
    onWatchError(error)
    return undefined
  }
}

const statIfThere = async (path: string) => {
  try {
    return await stat(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
