/** One API server for all files of the project `kube`: the one of TEST_KUBECONFIG, or one of our own. */

import type { TestProject } from 'vitest/node'
import { startApiServer, type ClusterAccess } from './api-server.ts'
import { installDefinitions } from './definitions.ts'
import { givenCluster } from './given-cluster.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Absent in every project but `kube`. */
    cluster?: ClusterAccess
  }
}

/** Returns what ends it, which vitest calls after failures too. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack()
  const given = process.env['TEST_KUBECONFIG'] ?? ''
  const { kubeconfig, server, token, ca } = stack.use(
    given === '' ? await startApiServer() : await givenCluster(given),
  )
  await installDefinitions(kubeconfig)
  project.provide('cluster', { kubeconfig, server, token, ca })
  const owned = stack.move()
  return () => owned.disposeAsync()
}
