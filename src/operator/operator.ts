/** Starts the operator: caches, controllers and what runs by the clock, on one directory and one Kubernetes port. */
import { randomBytes } from 'node:crypto'

import { StaleEpochError, takeEpoch } from '#directory/owner.ts'

import { scimAssignmentPolicy } from './api/scim-assignment-policy.ts'
import { scimIntegration } from './api/scim-integration.ts'
import { systemClock } from './clock.ts'
import { startController } from './controller.ts'
import { keepHouse } from './housekeeping.ts'
import { keyOf, textAt, textOf } from './object-key.ts'
import { policyReconciler } from './policy/reconcile.ts'
import { followPolicyStates } from './policy/state-feed.ts'
import { startReflector } from './reflector.ts'
import { routeKinds } from './tenant/endpoint.ts'
import { tenantGauges } from './tenant/gauges.ts'
import { secretKind } from './tenant/manifests.ts'
import { integrationLabel, managedLabel } from './tenant/names.ts'
import { tenantReconciler } from './tenant/reconcile.ts'

import type { Directory } from '#directory/database.ts'
import type { Keyring } from '#directory/token.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Clock } from './clock.ts'
import type { Reconcile, Source } from './controller.ts'
import type { Kube, KubeKind, KubeObject } from './kube.ts'
import type { OperatorSettings } from './settings.ts'
import type { CachedKind } from './view.ts'

export interface OperatorOptions {
  readonly kube: Kube
  /** Opened with the owner's URL; its schema is current. */
  readonly owner: Directory
  readonly keyring: Keyring
  readonly metrics: Metrics
  readonly log: Logger
  readonly settings: OperatorSettings
  readonly signal?: AbortSignal
  readonly now?: () => Date
}

export interface Operator extends AsyncDisposable {
  /** Aborts when another operator has taken over the database: this one writes nothing any more. */
  readonly lost: AbortSignal
}

/** Runs until disposed or the signal aborts; disposing waits for reconciles in flight. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { metrics, log, now = () => new Date() } = options
  const stop = new AbortController()
  const lost = new AbortController()
  const signal = AbortSignal.any([
    stop.signal,
    lost.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ])
  const clock = systemClock(() => now().getTime())
  const owner = await takeEpoch(options.owner)
  await using opened = new AsyncDisposableStack()

  const caches = await openCaches(options, opened, clock, signal)
  const { integrations, policies } = caches
  const control = (name: string, sources: readonly Source[], reconcile: Reconcile) =>
    opened.use(
      startController({
        name,
        sources,
        clock,
        metrics,
        log,
        signal,
        reconcile: whileLeading(reconcile, (error) => {
          log.error({ err: error }, 'another operator has taken over; this one stops')
          lost.abort(error)
        }),
      }),
    )
  control(
    'scimintegration',
    [
      { reflector: integrations.reflector, keysOf: (object) => [keyOf(object)] },
      { reflector: policies.reflector, keysOf: integrationOfPolicy },
      ...caches.children.map(({ reflector }) => ({ reflector, keysOf: integrationOfChild })),
    ],
    tenantReconciler({
      ...options,
      owner,
      caches: [integrations, policies, ...caches.children],
      gauges: tenantGauges(metrics),
      now,
      random: randomBytes,
    }),
  )
  const policyController = control(
    'scimassignmentpolicy',
    [
      { reflector: policies.reflector, keysOf: (object) => [keyOf(object)] },
      {
        reflector: integrations.reflector,
        keysOf: (object) =>
          policies.reflector
            .list(object.metadata.namespace)
            .filter((policy) => integrationOfPolicy(policy).includes(keyOf(object)))
            .map(keyOf),
      },
    ],
    policyReconciler({
      kube: options.kube,
      owner,
      now,
      resyncSeconds: options.settings.resyncSeconds ?? 600,
    }),
  )
  const onChange = (policyId: string) => {
    const policy = policies.reflector.list().find(({ metadata }) => metadata.uid === policyId)
    if (policy !== undefined) policyController.enqueue(keyOf(policy), 'high')
  }
  const running = [
    followPolicyStates({ directory: options.owner, clock, log, signal, onChange }),
    keepHouse({ owner, clock, log, signal }),
  ]
  opened.defer(async () => void (await Promise.all(running)))
  opened.defer(() => stop.abort())
  const closing = opened.move()
  return { lost: lost.signal, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

interface Caches {
  readonly integrations: CachedKind
  readonly policies: CachedKind
  /** Secrets and routes that carry our label. */
  readonly children: readonly CachedKind[]
}

async function openCaches(
  { kube, metrics, log }: OperatorOptions,
  opened: AsyncDisposableStack,
  clock: Clock,
  signal: AbortSignal,
): Promise<Caches> {
  const open = (kind: KubeKind, labels: CachedKind['labels']): CachedKind => {
    const onRestart = (reason: string, error: unknown) => {
      metrics.watchRestarts.inc({ reason })
      log.debug({ kind: kind.kind, reason, err: error }, 'watch starts again')
    }
    return {
      kind,
      labels,
      reflector: opened.use(startReflector({ kube, kind, labels, clock, signal, onRestart })),
    }
  }
  const children = [open(secretKind, managed)]
  // What is installed later is read without a cache until the next start.
  for (const kind of Object.values(routeKinds)) {
    if (await kube.serves(kind, { signal })) children.push(open(kind, managed))
  }
  return { integrations: open(scimIntegration, {}), policies: open(scimAssignmentPolicy, {}), children }
}

const managed = { [managedLabel]: 'true' }

function integrationOfChild({ metadata }: KubeObject): string[] {
  const name = metadata.labels?.[integrationLabel]
  return name === undefined ? [] : [textOf({ namespace: metadata.namespace, name })]
}

function integrationOfPolicy(policy: KubeObject): string[] {
  const name = textAt(policy['spec'], 'integrationRef', 'name')
  return name === undefined ? [] : [textOf({ namespace: policy.metadata.namespace, name })]
}

/** A leader whose epoch is over stops for good; its successor does the work. */
function whileLeading(reconcile: Reconcile, onLost: (error: StaleEpochError) => void): Reconcile {
  return async (key, options) => {
    try {
      return await reconcile(key, options)
    } catch (error) {
      if (error instanceof StaleEpochError) onLost(error)
      throw error
    }
  }
}
