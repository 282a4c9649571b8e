/** What the operator does while it leads: controllers over the caches, and what runs by the clock. */
import { randomBytes } from 'node:crypto'

import { StaleEpochError, takeEpoch } from '#directory/owner.ts'

import { systemClock } from './clock.ts'
import { startController } from './controller.ts'
import { watchEpoch } from './epoch-watch.ts'
import { keepHouse } from './housekeeping.ts'
import { integrationsOf } from './integration-of.ts'
import { keyOf } from './object-key.ts'
import { policyReconciler } from './policy/reconcile.ts'
import { followPolicyStates } from './policy/state-feed.ts'
import { tenantGauges } from './tenant/gauges.ts'
import { tenantReconciler } from './tenant/reconcile.ts'

import type { Directory } from '#directory/database.ts'
import type { Keyring } from '#directory/token.ts'
import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Caches } from './caches.ts'
import type { Controller, Reconcile, Source } from './controller.ts'
import type { Kube } from './kube.ts'
import type { OperatorSettings } from './settings.ts'

export interface OperatorOptions {
  readonly kube: Kube
  /** Of the same port; they stay open when the operator is disposed. */
  readonly caches: Caches
  /** Opened with the owner's URL; its schema is current. */
  readonly owner: Directory
  readonly keyring: Keyring
  readonly metrics: Metrics
  readonly log: Logger
  readonly settings: OperatorSettings
  /** Aborts when this process may not lead any more: everything ends at once, reconciles in flight too. */
  readonly signal?: AbortSignal
  /** How long reconciles in flight may take to end once it is disposed; 25 s unless told. */
  readonly drainLimitMs?: number
  readonly now?: () => Date
}

export interface Operator extends AsyncDisposable {
  /** Aborts when another operator has taken over the database: this one writes nothing any more. */
  readonly lost: AbortSignal
}

/**
 * Takes the epoch and begins. Disposing takes up nothing new and waits for reconciles in flight.
 *
 * @throws DatabaseUnavailableError
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { metrics, log, caches, drainLimitMs = 25_000, now = () => new Date() } = options
  const { integrations, policies, children } = caches
  const stop = new AbortController()
  const lost = new AbortController()
  const signal = options.signal === undefined ? lost.signal : AbortSignal.any([lost.signal, options.signal])
  const clock = systemClock(() => now().getTime())
  const owner = await takeEpoch(options.owner)
  const gauges = tenantGauges(metrics)
  /** A leader whose epoch is over stops for good; its successor does the work. */
  const stopIfStale = (error: unknown) => {
    if (!(error instanceof StaleEpochError) || lost.signal.aborted) return
    log.error({ err: error }, 'another operator has taken over; this one stops')
    lost.abort(error)
  }
  const control = (name: string, sources: readonly Source[], reconcile: Reconcile): Controller =>
    startController({
      name,
      sources,
      clock,
      metrics,
      log,
      signal,
      drainLimitMs,
      reconcile: (key, call) =>
        reconcile(key, call).catch((error: unknown) => {
          stopIfStale(error)
          throw error
        }),
    })
  const integrationController = control(
    'scimintegration',
    [
      { reflector: integrations.reflector, keysOf: (object) => [keyOf(object)] },
      ...[policies, ...children].map(({ reflector }) => ({ reflector, keysOf: integrationsOf })),
    ],
    tenantReconciler({
      ...options,
      owner,
      caches: [integrations, policies, ...children],
      gauges,
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
        keysOf: (object) => policies.reflector.indexed(keyOf(object)).map(keyOf),
      },
    ],
    policyReconciler({
      kube: options.kube,
      owner,
      metrics,
      now,
      resyncSeconds: options.settings.resyncSeconds ?? 600,
    }),
  )
  const onChange = (policyId: string) => {
    for (const policy of policies.reflector.indexed(policyId)) policyController.enqueue(keyOf(policy), 'high')
  }
  const untilStop = AbortSignal.any([signal, stop.signal])
  const running = [
    followPolicyStates({ directory: options.owner, clock, log, signal: untilStop, onChange }),
    keepHouse({ owner, clock, log, signal: untilStop }),
    watchEpoch({ owner, clock, signal: untilStop, onError: stopIfStale }),
  ]
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      stop.abort()
      const controllers = [integrationController, policyController]
      await Promise.all([...running, ...controllers.map((one) => one[Symbol.asyncDispose]())])
      gauges[Symbol.dispose]()
    },
  }
}
