/** What tests do with the API server of the run: namespaces of their own, kubectl, requests. */

import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { z } from 'zod'
import type { Agent } from 'undici'
import { apiAgent, ask, type Call } from './ask.ts'
import type { ClusterAccess } from './api-server.ts'
import { runLabel } from './given-cluster.ts'
import { runKubectl } from './kubectl.ts'

/** The API server of the run: our two kinds, HTTPRoute and Gateway are installed, and the token may do everything. */
export function testCluster(): ClusterAccess {
  const cluster = inject('cluster')
  if (cluster === undefined)
    throw new Error('Only the vitest project kube has an API server, see test/kube/global-setup.ts')
  return cluster
}

/** Makes a namespace that nobody else uses, `<prefix>-<8 hex digits>`, and returns its name. */
export async function newNamespace(prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`
  const created = await api('POST', '/api/v1/namespaces', { metadata: { name, labels: { [runLabel]: '' } } })
  if (created.status !== 201) throw new Error(`Namespace ${name}: ${JSON.stringify(created.body)}`)
  return name
}

/** What `kubectl <args>` prints on the API server of the run. Throws with its complaint if it fails. */
export function kubectl(...args: readonly string[]): Promise<string> {
  return runKubectl(args, testCluster())
}

export interface ApiReply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * One request as it stands, for tests that look at the status and the words of the API server.
 *
 * @param path from the root, e.g. `/apis/scim-operator.io/v1alpha1/namespaces/acme/scimintegrations`
 * @param contentType of the body: a patch says which kind it is
 */
export async function api(
  method: Call['method'],
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<ApiReply> {
  const cluster = testCluster()
  agent ??= apiAgent(cluster)
  const { status, text } = await ask(cluster, agent, { method, path, body, contentType })
  return { status, body: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) }
}

/** Of this test file; it ends with the worker that runs it. */
let agent: Agent | undefined
