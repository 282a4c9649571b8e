/** A cluster that somebody else runs (TEST_KUBECONFIG), entered with a token, however its kubeconfig logs in. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { kubeconfigText, type ClusterAccess } from './api-server.ts'
import { runKubectl } from './kubectl.ts'

/** Of what we make in the cluster. */
const name = 'scim-operator-tests'

/** The label of the namespaces of a test run. */
export const runLabel = 'scim-operator.io/test-run'

const Config = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.base64() }) }))
    .length(1),
})

/**
 * Makes a service account with all rights and takes a token of it for twelve hours. Disposing removes both and the
 * namespaces of the run.
 */
export async function givenCluster(given: string): Promise<ClusterAccess & AsyncDisposable> {
  const run = (...args: readonly string[]) => runKubectl(args, { kubeconfig: given })
  const config = JSON.parse(await run('config', 'view', '--minify', '--flatten', '--raw', '-o', 'json'))
  const { cluster } = Config.parse(config).clusters[0]!
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-test-kube-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await runKubectl(['apply', '-f', '-'], { kubeconfig: given, input: administrator })
  stack.defer(async () => {
    await run('delete', 'clusterrolebinding', name)
    await run('delete', 'namespace', '--selector', runLabel, '--wait=false')
  })
  const token = (await run('create', 'token', name, '--namespace', name, '--duration=12h')).trim()
  const access = {
    server: cluster.server.replace(/\/$/, ''),
    token,
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
  }
  const kubeconfig = path.join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigText(access))
  await mayDoAll(kubeconfig)
  const owned = stack.move()
  return { kubeconfig, ...access, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The API server learns of a new binding a moment after it has stored it. */
async function mayDoAll(kubeconfig: string): Promise<void> {
  const question = ['auth', 'can-i', '*', '*', '--all-namespaces']
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runKubectl(question, { kubeconfig })
      return
    } catch (error) {
      if (attempt === 50) throw error
      await sleep(200)
    }
  }
}

const administrator = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [runLabel]: '' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: name } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace: name }],
    },
  ],
})
