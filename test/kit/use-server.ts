/** One server with one tenant for all tests of a file; tests keep apart by the names that they use. */

import { afterAll, beforeAll } from 'vitest'

import { cloneDatabase } from './postgres.ts'
import type { TestDatabase } from './postgres.ts'
import { startScim } from './server.ts'
import type { TenantFacts, TestServerProcess, TestTenant } from './server.ts'

export interface Used {
  readonly db: TestDatabase
  readonly server: TestServerProcess
  readonly tenant: TestTenant
}

/** Call it at the top of a file; its fields are there once the tests run. */
export const useServer = (facts?: TenantFacts): Used => {
  const stack = new AsyncDisposableStack()
  let used: Used | undefined
  const started = (): Used => {
    if (used === undefined) throw new Error('The server is there only while tests run')
    return used
  }
  beforeAll(async () => {
    const db = stack.use(await cloneDatabase())
    const server = stack.use(await startScim(db))
    used = { db, server, tenant: await server.newTenant(facts) }
  })
  afterAll(() => stack.disposeAsync())
  return {
    get db() {
      return started().db
    },
    get server() {
      return started().server
    },
    get tenant() {
      return started().tenant
    },
  }
}
