/** The previous release as it was, ready to be started: what an upgrade begins with. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Made by freeze.ts. */
export const previousReleaseArchive = join(import.meta.dirname, 'previous-release.tgz')

export interface PreviousRelease extends AsyncDisposable {
  /** Root of its sources; they use this project's packages. */
  readonly root: string
}

/**
 * Unpacks it below the project, where its packages are found, but not below node_modules, where Node strips no types.
 * Disposing removes it.
 */
export const unpackPreviousRelease = async (): Promise<PreviousRelease> => {
  const project = join(import.meta.dirname, '..', '..')
  const root = await mkdtemp(join(project, '.previous-release-'))
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true })
  try {
    await promisify(execFile)('tar', ['-xzf', previousReleaseArchive, '-C', root])
  } catch (error) {
    await remove()
    throw error
  }
  return { root, [Symbol.asyncDispose]: remove }
}
