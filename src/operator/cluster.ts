/** The Kubernetes port over the API server of a cluster. */
import { hostname } from 'node:os'

import { systemClock } from './clock.ts'
import { Agents } from './cluster/agents.ts'
import { openAccess } from './cluster/credentials.ts'
import { openDiscovery } from './cluster/discovery.ts'
import { openEventRecorder } from './cluster/events.ts'
import { parseObject } from './cluster/json.ts'
import { clusterLeases } from './cluster/leases.ts'
import { listObjects } from './cluster/list.ts'
import { objectPath } from './cluster/paths.ts'
import { clusterTransport } from './cluster/transport.ts'
import { watchObjects } from './cluster/watch.ts'
import { writes } from './cluster/write.ts'
import { KubeError } from './kube.ts'

import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Kube } from './kube.ts'
import type { Leases } from './leases.ts'

export interface ClusterOptions {
  /** Path of a kubeconfig; without it, by the service account of the pod. */
  readonly kubeConfig?: string
  readonly metrics: Metrics
  readonly log: Logger
  /** Those to look at; without it, or empty, all of them. */
  readonly namespaces?: readonly string[]
  /** A call is given up after this; 10 seconds unless told. */
  readonly callLimitMs?: number
  /** A watch is taken for dead after this; unless told 75 seconds, since the API server sends a bookmark every minute. */
  readonly watchSilenceMs?: number
}

export interface Cluster extends Kube, AsyncDisposable {
  readonly leases: Leases
}

/**
 * Reads the credentials; nothing is asked of the API server yet, which may be away. Disposing writes the events that wait
 * and cuts all else.
 * @throws Error with one sentence for a kubeconfig that is missing or wrong
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { metrics, log, namespaces = [], callLimitMs = 10_000, watchSilenceMs = 75_000 } = options
  const clock = systemClock()
  const access = openAccess(options.kubeConfig)
  await using opened = new AsyncDisposableStack()
  const agents = opened.use(new Agents({ watchSilenceMs }))
  const transport = clusterTransport({ access, agents, metrics, callLimitMs })
  const discovery = openDiscovery(transport, () => clock.now())
  const events = opened.use(openEventRecorder({ transport, clock, log, instance: hostname() }))
  const closing = opened.move()
  return {
    ...(namespaces.length === 0 ? {} : { namespaces }),
    leases: clusterLeases(transport),
    async get(kind, key, { signal } = {}) {
      try {
        return parseObject(await transport.call({ method: 'GET', path: objectPath(kind, key), signal }), kind)
      } catch (error) {
        if (error instanceof KubeError && error.reason === 'NotFound') return undefined
        throw error
      }
    },
    list: (kind, options) => listObjects(transport, kind, options),
    watch: (kind, options) => watchObjects(transport, kind, options, Math.random),
    ...writes(transport, discovery),
    recordEvent: (event) => events.record(event),
    serves: async (kind, options) => (await discovery.pluralOf(kind, options)) === kind.plural,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}
