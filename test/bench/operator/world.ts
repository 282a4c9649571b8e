/** What the operator is measured on: an API server with its etcd, a Postgres with durability on, and nothing simulated. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { openCluster } from '#operator/cluster.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { createPepper } from '#platform/pepper.ts'
import { cpuSeconds, postgresUsage } from '#test/bench/usage.ts'
import { ownerRole, startTestServer, urlFor } from '#test/kit/test-server.ts'
import { startApiServer } from '#test/kube/api-server.ts'
import { apiAgent, ask } from '#test/kube/ask.ts'
import { installDefinitions } from '#test/kube/definitions.ts'

import { playGateway } from './gateway.ts'
import { startOperatorProcess } from './operator-process.ts'
import { openPopulation } from './population.ts'
import { samples } from './samples.ts'
import { benchNamespace } from './ways.ts'

import type { Call } from '#test/kube/ask.ts'
import type { OperatorProcess } from './operator-process.ts'
import type { Population } from './population.ts'

/** CPU seconds so far. */
export interface CpuSeconds {
  readonly operator: number
  /** kube-apiserver and etcd. */
  readonly cluster: number
  readonly postgres: number
}

export interface World {
  readonly population: Population
  readonly ownerUrl: string
  /** The one that leads; a row that replaces it says so. */
  operator: OperatorProcess
  /** Another operator, which ends with the bench at the latest. */
  startOperator(): Promise<OperatorProcess>
  /** A request as somebody who may do everything; throws what the API server refuses. */
  call(call: Call): Promise<string>
  /** Writes of objects that an operator may write, as the API server has counted them; Leases aside. */
  writes(): Promise<number>
  /** Undefined where there is no /proc. */
  cpu(): CpuSeconds | undefined
}

/** What Node itself chooses in a pod of 512 MB (values.yaml of the chart), and the young part that the chart asks for. */
const heapOfPod = '--max-old-space-size=256 --max-semi-space-size=4'
/** What a small directory is given anywhere; durability is on. */
const postgresSettings = { shared_buffers: '256MB', max_wal_size: '2GB' }

const written = new Set([
  'scimintegrations',
  'scimassignmentpolicies',
  'secrets',
  'httproutes',
  'ingresses',
  'events',
])
const reads = new Set(['GET', 'LIST', 'WATCH'])

export const openWorld = async (stack: AsyncDisposableStack): Promise<World> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await createPepper(folder, new Date())
  const postgres = await startTestServer(postgresSettings)
  stack.defer(postgres.stop)
  const ownerUrl = urlFor(postgres.server.adminUrl, ownerRole, postgres.server.template)
  const cluster = stack.use(await startApiServer())
  await installDefinitions(cluster.kubeconfig)
  const agent = stack.adopt(apiAgent(cluster), (opened) => opened.destroy())
  const call = async (request: Call): Promise<string> => {
    const { status, text } = await ask(cluster, agent, request)
    if (status >= 300) throw new Error(`${request.method} ${request.path}: ${text}`)
    return text
  }
  await call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: benchNamespace } } })
  const ending = new AbortController()
  stack.defer(() => ending.abort())
  const kube = stack.use(
    await openCluster({
      kubeConfig: cluster.kubeconfig,
      metrics: createMetrics(),
      log: createLogger('bench', { level: 'error' }),
    }),
  )
  const population = await openPopulation(kube, stack, ending.signal)
  await playGateway(kube, stack, ending.signal)
  const env = {
    KUBECONFIG: cluster.kubeconfig,
    DATABASE_OWNER_URL: ownerUrl,
    PEPPER_DIR: folder,
    POD_NAMESPACE: 'default',
    DEFAULT_ENDPOINT_TYPE: 'Shared',
    BASE_DOMAIN: 'scim.test',
    OPS_PORT: '0',
    // More of them, such as --cpu-prof, come from who measures.
    NODE_OPTIONS: `${heapOfPod} ${process.env['NODE_OPTIONS'] ?? ''}`,
  }
  const startOperator = async (): Promise<OperatorProcess> => stack.use(await startOperatorProcess(env))
  const operator = await startOperator()
  await operator.child.untilSaid('leading')
  const postgresSeconds = await postgresUsage(ownerUrl)
  const clusterPids = await pidsOf(path.dirname(cluster.kubeconfig))
  const world: World = {
    population,
    ownerUrl,
    operator,
    startOperator,
    call,
    async writes() {
      const text = await call({ method: 'GET', path: '/metrics' })
      return samples(text, 'apiserver_request_total')
        .filter(({ labels }) => written.has(labels['resource'] ?? '') && !reads.has(labels['verb'] ?? ''))
        .reduce((sum, { value }) => sum + value, 0)
    },
    cpu() {
      const [operatorSeconds, ...clusterSeconds] = [world.operator.pid, ...clusterPids].map(cpuSeconds)
      const postgresNow = postgresSeconds()
      if (operatorSeconds === undefined || postgresNow === undefined) return undefined
      return {
        operator: operatorSeconds,
        cluster: clusterSeconds.reduce<number>((sum, one) => sum + (one ?? 0), 0),
        postgres: postgresNow,
      }
    },
  }
  return world
}

/** The API server and its etcd keep their process ids in their folder. */
const pidsOf = (folder: string): Promise<number[]> =>
  Promise.all(
    ['kube-apiserver.pid', 'etcd.pid'].map(async (file) =>
      Number(await readFile(path.join(folder, file), 'utf8')),
    ),
  )
