/** One Postgres for a whole test run, started only when a project that uses it is part of the run. */

import type { TestProject } from 'vitest/node'
import { startTestServer, type TestServer } from './test-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where databases are cloned; absent in a run that has no project with a database. */
    testServer?: TestServer
  }
}

const projectsWithDatabase = new Set(['database', 'http', 'e2e', 'kube', 'pgbouncer'])

/** Returns what ends it, which vitest calls after failures too. */
export default async function setup(root: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!root.vitest.projects.some(({ name }) => projectsWithDatabase.has(name))) return undefined
  const started = await startTestServer()
  root.provide('testServer', started.server)
  return started.stop
}
