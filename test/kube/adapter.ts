/** The cluster adapter on an API server, behind a TCP proxy that counts connections and fails on demand. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { scimIntegration } from '#operator/api/scim-integration.ts'
import { openCluster } from '#operator/cluster.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'
import { newNamespace, testCluster } from '#test/kube/kit.ts'

import type { Cluster } from '#operator/cluster.ts'
import type { KubeKind, KubeObject, ObjectKey } from '#operator/kube.ts'
import type { TcpProxy } from '#test/kit/tcp-proxy.ts'
import type { ClusterAccess } from '#test/kube/api-server.ts'

export const secretKind: KubeKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }

export function secret(metadata: ObjectKey, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata, data }
}

export interface AdapterOptions {
  /** The API server of the run, unless told. */
  readonly server?: ClusterAccess
  /** Instead of the server's own; in a file. */
  readonly ca?: string
  /** Of the kubeconfig, beside or instead of the token. */
  readonly user?: object
  readonly callLimitMs?: number
  readonly watchSilenceMs?: number
}

export interface Adapter extends AsyncDisposable {
  readonly cluster: Cluster
  readonly proxy: TcpProxy
  readonly caFile: string
  readonly integrationKind: KubeKind
  /** An object of this name is nobody else's; its namespace is of this adapter. */
  readonly key: ObjectKey
}

export async function aCluster({ server, ca, user = {}, ...limits }: AdapterOptions = {}): Promise<Adapter> {
  const access = server ?? testCluster()
  const namespace = server === undefined ? await newNamespace('adapter') : 'default'
  await using opened = new AsyncDisposableStack()
  const proxy = opened.use(await tcpProxy(access.server))
  const folder = await mkdtemp(join(tmpdir(), 'scim-test-adapter-'))
  opened.defer(() => rm(folder, { recursive: true }))
  const caFile = join(folder, 'ca.crt')
  await writeFile(caFile, ca ?? access.ca)
  const kubeConfig = join(folder, 'kubeconfig')
  const { hostname } = new URL(access.server)
  const config = {
    clusters: [
      {
        name: 'test',
        cluster: {
          server: proxy.url,
          'certificate-authority': 'ca.crt',
          ...(isIP(hostname) === 0 ? { 'tls-server-name': hostname } : {}),
        },
      },
    ],
    users: [{ name: 'me', user: { token: access.token, ...user } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'me' } }],
    'current-context': 'test',
  }
  await writeFile(kubeConfig, JSON.stringify(config))
  const cluster = opened.use(
    await openCluster({
      kubeConfig,
      metrics: createMetrics({ ofProcess: false }),
      log: createLogger('test', { level: 'silent' }),
      ...limits,
    }),
  )
  const closing = opened.move()
  return {
    cluster,
    proxy,
    caFile,
    integrationKind: scimIntegration,
    key: { namespace, name: 'subject' },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}
