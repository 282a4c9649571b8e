/** Tests on a cluster of somebody else: what they may do there, and that nothing of it stays. */

import { writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { kubeconfigText, startApiServer } from './api-server.ts'
import { givenCluster, runLabel } from './given-cluster.ts'
import { runKubectl } from './kubectl.ts'

test('a cluster that is given is entered by a service account with all rights, which it loses at the end', async () => {
  await using server = await startApiServer()
  const whoami = ['auth', 'whoami', '--output=jsonpath={.status.userInfo.username}']
  const secrets = ['get', 'secrets', '--all-namespaces']
  const { token } = await (async () => {
    await using cluster = await givenCluster(server.kubeconfig)
    const name = 'system:serviceaccount:scim-operator-tests:scim-operator-tests'
    expect(await runKubectl(whoami, cluster)).toBe(name)
    expect(await runKubectl(secrets, cluster)).toBe('')
    return cluster
  })()
  const kubeconfig = `${server.kubeconfig}-afterwards`
  await writeFile(kubeconfig, kubeconfigText({ ...server, token }))
  await vi.waitFor(() => expect(runKubectl(secrets, { kubeconfig })).rejects.toThrow('Forbidden'), {
    timeout: 60_000,
    interval: 200,
  })
  const phases = ['get', 'namespaces', '--selector', runLabel, '--output=jsonpath={.items[*].status.phase}']
  expect(await runKubectl(phases, server)).toBe('Terminating')
})
