/** Which Postgres standalone uses: the embedded one, or the one whose URLs are given. */
import { createHmac } from 'node:crypto'

import { startEmbeddedPostgres } from './embedded-postgres.ts'

import { appRole, createRoles, workerRole } from '#directory/roles.ts'
import { Mistake } from '#platform/mistake.ts'

import type { StandaloneConfig } from '#platform/config.ts'

export interface Database extends AsyncDisposable {
  readonly ownerUrl: string
  readonly appUrl: string
  readonly workerUrl: string
  /** Aborts if the server that was started here ends by itself. */
  readonly died: AbortSignal
}

type Urls = Pick<StandaloneConfig, 'databaseOwnerUrl' | 'databaseUrl' | 'workerDatabaseUrl'> &
  Partial<Pick<StandaloneConfig, 'databasePooled'>>

/** Starts or takes the database, with both roles. `folder` is for an embedded one. */
export const openDatabase = async (urls: Urls, folder: string, signal: AbortSignal): Promise<Database> => {
  const { databaseOwnerUrl: ownerUrl, databaseUrl: appUrl, workerDatabaseUrl: workerUrl } = urls
  if (urls.databasePooled === true && appUrl === undefined)
    throw new Mistake('DATABASE_POOLED is about DATABASE_URL: set both or neither.')
  if (ownerUrl === undefined && appUrl === undefined && workerUrl === undefined)
    return embedded(folder, signal)
  if (ownerUrl !== undefined && appUrl !== undefined && workerUrl !== undefined)
    return { ownerUrl, appUrl, workerUrl, ...nothingToStop() }
  if (ownerUrl === undefined || appUrl !== undefined || workerUrl !== undefined)
    throw new Mistake(
      'Set DATABASE_OWNER_URL alone, or together with both DATABASE_URL and WORKER_DATABASE_URL.',
    )
  return withRolesMade(ownerUrl)
}

const embedded = async (folder: string, signal: AbortSignal): Promise<Database> => {
  await using stack = new AsyncDisposableStack()
  const postgres = stack.use(await startEmbeddedPostgres(folder, signal))
  await createRoles(postgres.superuserUrl, postgres)
  const closing = stack.move()
  const { ownerUrl, appUrl, workerUrl, died } = postgres
  return { ownerUrl, appUrl, workerUrl, died, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

const withRolesMade = async (ownerUrl: string): Promise<Database> => {
  const { password } = new URL(ownerUrl)
  if (password === '')
    throw new Mistake(
      'DATABASE_OWNER_URL has no password: give DATABASE_URL and WORKER_DATABASE_URL as well.',
    )
  const [appPassword, workerPassword] = [passwordFor(appRole, password), passwordFor(workerRole, password)]
  await createRoles(ownerUrl, { appPassword, workerPassword })
  return {
    ownerUrl,
    appUrl: asRole(ownerUrl, appRole, appPassword),
    workerUrl: asRole(ownerUrl, workerRole, workerPassword),
    ...nothingToStop(),
  }
}

/**
 * Derived, not random: roles belong to a whole server, and two instances on two of its databases must not change
 * each other's passwords. Whoever knows the owner's password may do all that these roles may.
 */
const passwordFor = (role: string, ownerPassword: string): string =>
  createHmac('sha256', ownerPassword).update(`scim-operator standalone ${role}`).digest('base64url')

const asRole = (ownerUrl: string, role: string, password: string): string => {
  const url = new URL(ownerUrl)
  url.username = role
  url.password = password
  return url.href
}

const nothingToStop = () => ({
  died: new AbortController().signal,
  [Symbol.asyncDispose]: () => Promise.resolve(),
})
