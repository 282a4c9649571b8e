/** An operator of one process at rest: its reconciles are called one by one, on a clock that the test turns. */
import { randomBytes } from 'node:crypto'

import * as z from 'zod'

import { takeEpoch } from '#directory/owner.ts'
import { Condition } from '#operator/api/common.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { ScimIntegration, scimIntegration } from '#operator/api/scim-integration.ts'
import { policyReconciler } from '#operator/policy/reconcile.ts'
import { tenantGauges } from '#operator/tenant/gauges.ts'
import { dataOf } from '#operator/tenant/manifests.ts'
import { tenantReconciler } from '#operator/tenant/reconcile.ts'
import { createMetrics } from '#platform/metrics.ts'

import type { Directory } from '#directory/database.ts'
import type { ReconcileResult } from '#operator/controller.ts'
import type { EventNote, Kube, KubeKind, KubeObject } from '#operator/kube.ts'
import type { OperatorSettings } from '#operator/settings.ts'
import type { Metrics } from '#platform/metrics.ts'
import { opened as openedDirectory } from './builders.ts'
import { secrets, temporaryKubeFolder } from './kube-folder.ts'
import { cloneDatabase, type TestDatabase } from './postgres.ts'
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { testKeyring } from './test-keyring.ts'

export const httpRoutes: KubeKind = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  plural: 'httproutes',
}

/** The Kubernetes of one test: an adapter, and what stands beside the operator in a cluster. */
export interface QuietKube extends AsyncDisposable {
  readonly kube: Kube
  /** Of the test alone. */
  readonly namespace: string
  /** Gateways and ingress controllers do their work on the routes that are there. */
  answerRoutes(): Promise<void>
}

/** @param metrics of the operator, for adapters that count their requests */
export type OpenKube = (metrics: Metrics) => Promise<QuietKube>

/** The folder adapter, whose gateway answers by itself. */
export const onFolder: OpenKube = async () => {
  const folder = await temporaryKubeFolder()
  return {
    kube: folder.kube,
    namespace: 'acme',
    answerRoutes: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

export interface QuietOperator extends AsyncDisposable {
  readonly db: TestDatabase
  readonly directory: Directory
  /** Between the operator and Postgres. */
  readonly proxy: TcpProxy
  /** Past the operator, for what a person does. */
  readonly kube: Kube
  /** Where everything is. */
  readonly namespace: string
  readonly metrics: Metrics
  /** The port as reconcile sees it; `writes` counts what it has written, status included. */
  readonly writes: { count: number; readonly names: string[] }
  /** Every event that was recorded, repeated ones too. */
  readonly events: readonly EventNote[]
  now: Date
  /** Later, by so many seconds. */
  pass(seconds: number): void
  /** One reconcile of an integration, then gateways answer; `crashAfter` stops it when so many actions are done. */
  reconcile(name: string, options?: { readonly crashAfter?: number }): Promise<ReconcileResult>
  reconcilePolicy(name: string): Promise<ReconcileResult>
  integration(name: string): Promise<ScimIntegration>
  object(kind: KubeKind, name: string): Promise<KubeObject | undefined>
  objects(kind: KubeKind): Promise<readonly KubeObject[]>
  /** Status and reason of a condition, as `True/Available`. */
  condition(name: string, type: string): Promise<string>
  policyCondition(name: string, type: string): Promise<string>
  /** Decoded data of a Secret. */
  secret(name: string): Promise<Record<string, string>>
  /** As a person does, who takes what others hold. The namespace is the operator's, whatever the object says. */
  apply(object: KubeObject): Promise<void>
  /** As a person does. */
  delete(kind: KubeKind, name: string): Promise<void>
}

/** Opens one on the adapter that a promise is to be kept on. */
export type OpenQuiet = (options?: QuietOptions) => Promise<QuietOperator>

const WithConditions = z.object({
  status: z.object({ conditions: z.array(Condition).default([]) }).prefault({}),
})

/** Status and reason, as `True/Available`. */
function conditionOf(object: KubeObject | undefined, type: string): string {
  const { status } = WithConditions.parse(object)
  const found = status.conditions.find((condition) => condition.type === type)
  return `${found?.status}/${found?.reason}`
}

export class Crash extends Error {}

export interface QuietOptions {
  readonly settings?: Partial<OperatorSettings>
  /** Kinds that the API does not serve. */
  readonly without?: readonly string[]
}

export async function quietOperator(openKube: OpenKube, options: QuietOptions = {}): Promise<QuietOperator> {
  await using opened = new AsyncDisposableStack()
  const db = opened.use(await cloneDatabase())
  const proxy = opened.use(await tcpProxy(db.ownerUrl))
  const directory = opened.use(await openedDirectory(proxy.url))
  const metrics = createMetrics({ ofProcess: false })
  const { kube, namespace, ...around } = opened.use(await openKube(metrics))
  const owner = await takeEpoch(directory)
  const writes = { count: 0, names: [] as string[] }
  const events: EventNote[] = []
  const seen: Kube = {
    ...counted(kube, writes, options.without ?? []),
    recordEvent(event) {
      events.push(event)
      kube.recordEvent(event)
    },
  }
  const settings = { defaultEndpointType: 'HTTPRoute', baseDomain: 'scim.test', ...options.settings } as const
  const tenants = tenantReconciler({
    kube: seen,
    caches: [],
    owner,
    keyring: testKeyring,
    settings,
    metrics,
    gauges: tenantGauges(metrics),
    now: () => operator.now,
    random: randomBytes,
  })
  const policies = policyReconciler({
    kube: seen,
    owner,
    metrics,
    now: () => operator.now,
    resyncSeconds: 600,
  })
  const get = (kind: KubeKind, name: string) => kube.get(kind, { namespace, name })
  const stack = opened.move()
  const operator: QuietOperator = {
    db,
    directory,
    proxy,
    kube,
    namespace,
    metrics,
    writes,
    events,
    now: new Date('2026-11-22T10:00:00Z'),
    pass(seconds) {
      operator.now = new Date(operator.now.getTime() + seconds * 1000)
    },
    async reconcile(name, { crashAfter } = {}) {
      try {
        return await tenants(`${namespace}/${name}`, { signal: crashing(crashAfter) })
      } finally {
        await around.answerRoutes()
      }
    },
    reconcilePolicy: (name) => policies(`${namespace}/${name}`, { signal: crashing(undefined) }),
    integration: async (name) => ScimIntegration.parse(await get(scimIntegration, name)),
    object: get,
    objects: async (kind) => (await kube.list(kind, { namespace })).items,
    condition: async (name, type) => conditionOf(await get(scimIntegration, name), type),
    policyCondition: async (name, type) => conditionOf(await get(scimAssignmentPolicy, name), type),
    secret: async (name) => {
      const found = await get(secrets, name)
      if (found === undefined) throw new Error(`There is no Secret ${name}`)
      return dataOf(found)
    },
    async apply(object) {
      const here = { ...object, metadata: { ...object.metadata, namespace } }
      await kube.apply(here, { fieldManager: 'person', force: true })
    },
    delete: (kind, name) => kube.delete(kind, { namespace, name }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  return operator
}

/** `carryOut` asks the signal before each action: it dies there, as a process would between two writes. */
function crashing(after: number | undefined): AbortSignal {
  const { signal } = new AbortController()
  let asked = 0
  Object.defineProperty(signal, 'throwIfAborted', {
    value() {
      asked += 1
      if (after !== undefined && asked > after) throw new Crash('killed')
    },
  })
  return signal
}

/** The signal that crashes stays here: an adapter asks its signals when it likes, and only writes are to be counted. */
function counted(kube: Kube, writes: QuietOperator['writes'], without: readonly string[]): Kube {
  const note = (name: string) => {
    writes.count += 1
    writes.names.push(name)
  }
  return {
    get: (kind, key) => kube.get(kind, key),
    list: (kind, { signal: _signal, ...options } = {}) => kube.list(kind, options),
    watch: (...args) => kube.watch(...args),
    serves: async (kind) => !without.includes(kind.kind) && kube.serves(kind),
    recordEvent: (event) => kube.recordEvent(event),
    create(object) {
      note(`create ${object.kind} ${object.metadata.name}`)
      return kube.create(object)
    },
    apply(object, { fieldManager, force }) {
      note(`apply ${object.kind} ${object.metadata.name}`)
      return kube.apply(object, { fieldManager, force })
    },
    tryApply: (object, { fieldManager, force }) => kube.tryApply(object, { fieldManager, force }),
    applyStatus(object, { fieldManager }) {
      note(`status ${object.kind} ${object.metadata.name}`)
      return kube.applyStatus(object, { fieldManager })
    },
    setFinalizers(object, kind, finalizers) {
      note(`finalizers ${object.kind} ${object.metadata.name}`)
      return kube.setFinalizers(object, kind, finalizers)
    },
    delete(kind, key, { uid } = {}) {
      note(`delete ${kind.kind} ${key.name}`)
      return kube.delete(kind, key, uid === undefined ? {} : { uid })
    },
  }
}
