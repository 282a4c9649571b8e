/** Operators as child processes on the API server of the run, in a namespace and on a database of their own. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished, vi } from 'vitest'
import { z } from 'zod'

import { Condition } from '#operator/api/common.ts'
import { createPepper } from '#platform/pepper.ts'
import { Child } from '#test/kit/child-process.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'

import type { Agent } from 'undici'
import type { TestDatabase } from '#test/kit/postgres.ts'
import type { TcpProxy } from '#test/kit/tcp-proxy.ts'

import { kubeconfigText, type ClusterAccess } from './api-server.ts'
import { apiAgent, ask, type Call } from './ask.ts'
import { newNamespace, testCluster } from './kit.ts'

/** For what takes as long as it takes: an election, a machine that others use too. */
export const patience = { timeout: 90_000, interval: 100 }

const Lease = z.object({
  spec: z.object({
    holderIdentity: z.string(),
    acquireTime: z.iso.datetime(),
    leaseTransitions: z.int(),
  }),
})

const Integration = z.object({
  metadata: z.object({ finalizers: z.array(z.string()).default([]) }),
  status: z.object({ conditions: z.array(Condition).default([]) }).prefault({}),
})

export class Operators implements AsyncDisposable {
  readonly namespace: string
  /** Between the operators and the API server. */
  readonly toKube: TcpProxy
  /** Between the operators and Postgres. */
  readonly toPostgres: TcpProxy
  readonly #cluster: ClusterAccess
  readonly #agent: Agent
  readonly #env: Readonly<Record<string, string>>
  readonly #stack: AsyncDisposableStack

  private constructor(
    opened: Pick<Operators, 'namespace' | 'toKube' | 'toPostgres'>,
    env: Readonly<Record<string, string>>,
    { cluster, agent }: { readonly cluster: ClusterAccess; readonly agent: Agent },
    stack: AsyncDisposableStack,
  ) {
    this.namespace = opened.namespace
    this.toKube = opened.toKube
    this.toPostgres = opened.toPostgres
    this.#cluster = cluster
    this.#agent = agent
    this.#env = env
    this.#stack = stack
  }

  /** @param own a cluster of the test's own; without it that of the run, where others are at work too */
  static async on(db: TestDatabase, own?: ClusterAccess): Promise<Operators> {
    const cluster = own ?? testCluster()
    await using stack = new AsyncDisposableStack()
    const agent = stack.adopt(apiAgent(cluster), (opened) => opened.destroy())
    const folder = await mkdtemp(join(tmpdir(), 'scim-operators-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const toKube = stack.use(await tcpProxy(cluster.server))
    const toPostgres = stack.use(await tcpProxy(db.ownerUrl))
    const kubeconfig = join(folder, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigText(cluster, toKube.url))
    await createPepper(join(folder, 'pepper'), new Date())
    const namespace = own === undefined ? await newNamespace('operator') : 'default'
    const env = {
      KUBECONFIG: kubeconfig,
      DATABASE_OWNER_URL: toPostgres.url,
      PEPPER_DIR: join(folder, 'pepper'),
      POD_NAMESPACE: namespace,
      // Other tests have integrations in the same cluster.
      WATCH_NAMESPACES: namespace,
      DEFAULT_ENDPOINT_TYPE: 'Shared',
      BASE_DOMAIN: 'scim.test',
      OPS_PORT: '0',
    }
    const operators = new Operators({ namespace, toKube, toPostgres }, env, { cluster, agent }, stack.move())
    // A test that runs out of time is left where it stands; its processes must not be.
    onTestFinished(() => operators[Symbol.asyncDispose]())
    return operators
  }

  /** The folder of peppers, for servers beside them. */
  get pepper(): string {
    return this.#env['PEPPER_DIR'] ?? ''
  }

  start(env: Readonly<Record<string, string>> = {}): Child {
    return this.#stack.use(new Child({ main: 'src/operator/main.ts', env: { ...this.#env, ...env } }))
  }

  /** The answer of the API server, asked past the proxy; throws what it refuses. */
  async call(call: Call): Promise<unknown> {
    const { status, text } = await ask(this.#cluster, this.#agent, call)
    if (status >= 300) throw new Error(`${call.method} ${call.path}: ${text}`)
    return JSON.parse(text)
  }

  async lease(name = 'scim-operator'): Promise<z.output<typeof Lease>['spec']> {
    return Lease.parse(await this.call({ method: 'GET', path: this.#leasePath(name) })).spec
  }

  /** As somebody who edits it by hand. */
  async giveLeaseTo(holderIdentity: string): Promise<void> {
    await this.call({
      method: 'PATCH',
      path: this.#leasePath('scim-operator'),
      body: { spec: { holderIdentity } },
      contentType: 'application/merge-patch+json',
    })
  }

  async apply(
    name: string,
    {
      namespace = this.namespace,
      ...spec
    }: { readonly namespace?: string } & Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const object = {
      apiVersion: 'scim-operator.io/v1alpha1',
      kind: 'ScimIntegration',
      metadata: { name, namespace },
      spec: { displayName: name, ...spec },
    }
    await this.call({ method: 'POST', path: integrationPath(namespace), body: object })
  }

  async integration(name: string, namespace = this.namespace): Promise<z.output<typeof Integration>> {
    return Integration.parse(
      await this.call({ method: 'GET', path: `${integrationPath(namespace)}/${name}` }),
    )
  }

  /** Status and reason of a condition, as `True/Available`; `undefined/undefined` where there is none. */
  async condition(name: string, type: string, namespace = this.namespace): Promise<string> {
    const found = (await this.integration(name, namespace)).status.conditions.find(
      (condition) => condition.type === type,
    )
    return `${found?.status}/${found?.reason}`
  }

  async untilReady(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.untilCondition(name, 'Ready', /^True/)
  }

  async untilCondition(name: string, type: string, wanted: RegExp): Promise<void> {
    await vi.waitFor(async () => {
      const found = await this.condition(name, type)
      if (!wanted.test(found)) throw new Error(`${type} of ${name} is ${found}`)
    }, patience)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }

  #leasePath(name: string): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.namespace}/leases/${name}`
  }
}

function integrationPath(namespace: string): string {
  return `/apis/scim-operator.io/v1alpha1/namespaces/${namespace}/scimintegrations`
}
