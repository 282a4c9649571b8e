/**
 * The reconcile of a ScimIntegration: look, decide, act, say so. It reads the world and not the event, never sleeps
 * and counts no retries; it returns when to look again.
 */
import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { parseKey } from '#operator/object-key.ts'
import { isSaid, writeStatus } from '#operator/status-writer.ts'
import { cachedView, liveView } from '#operator/view.ts'

import { carryOut } from './act.ts'
import { decide } from './decide.ts'
import { fieldManager } from './names.ts'
import { readIntegration } from './observe.ts'
import { rememberingStatus } from './report.ts'
import { degradedFact, progressingFact } from './summary.ts'

import type { Owner } from '#directory/owner.ts'
import type { Keyring } from '#directory/token.ts'
import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'
import type { Reconcile, ReconcileResult } from '#operator/controller.ts'
import type { Kube } from '#operator/kube.ts'
import type { OperatorSettings } from '#operator/settings.ts'
import type { CachedKind, KubeView } from '#operator/view.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Decided, Tools } from './decide.ts'
import type { TenantGauges } from './gauges.ts'
import type { Outcome } from './report.ts'

export interface TenantContext {
  readonly kube: Kube
  readonly caches: readonly CachedKind[]
  readonly owner: Owner
  readonly keyring: Keyring
  readonly settings: OperatorSettings
  readonly metrics: Metrics
  readonly gauges: TenantGauges
  readonly now: () => Date
  /** Random bytes from a secure source. */
  readonly random: (bytes: number) => Uint8Array
}

/** What nobody tells us of is looked at this often while something is wrong. */
const waitingMs = 30_000

export function tenantReconciler(context: TenantContext): Reconcile {
  return async (key, { signal }) => {
    const live = liveView(context.kube, signal)
    try {
      // The caches cost nothing; only if they ask for a change is the same decided on what the API says now.
      const calm = await decide(cachedView(context.caches, live), key, toolsOf(context, signal), [])
      if (calm !== undefined && isCalm(calm)) {
        context.gauges.show(key, calm.integration.status)
        return lookAgain(context, calm)
      }
      const decided = await changed(context, key, live, signal)
      if (decided !== undefined) return lookAgain(context, decided)
      context.gauges.forget(key)
      return {}
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) await reportOutage(context, key, live, signal)
      throw error
    }
  }
}

/** Nothing to do, and nothing to say that is not said. */
function isCalm(decided: Decided): boolean {
  const after = decided.statusAfter(outcomeOf(decided))
  const isObserved = decided.integration.spec.managementPolicy === 'Observe'
  const hasWork = decided.actions.length > 0 && !(isObserved && after !== undefined)
  return !hasWork && (after === undefined || isSaid(changeOf(decided, after)))
}

/** Decides on the living world, acts, and writes the status once. */
async function changed(
  context: TenantContext,
  key: string,
  live: KubeView,
  signal: AbortSignal,
): Promise<Decided | undefined> {
  const { kube, owner, metrics, gauges } = context
  const tools = toolsOf(context, signal)
  const occupied: string[] = []
  for (;;) {
    const decided = await decide(live, key, tools, occupied)
    if (decided === undefined) return undefined
    const acted =
      outcomeOf(decided).kind === 'observed'
        ? ({ kind: 'observed' } as const)
        : await carryOut(decided.actions, {
            kube,
            owner,
            metrics,
            object: decided.object,
            now: tools.now,
            signal,
          })
    // Somebody else's Secret is in the way of one purpose: decided again without it, all others go on.
    if (acted.kind === 'occupied') {
      occupied.push(acted.name)
      continue
    }
    const after = decided.statusAfter(acted)
    if (after !== undefined) {
      await writeStatus(kube, changeOf(decided, after), { fieldManager, signal })
      gauges.show(key, after)
    }
    return decided
  }
}

function outcomeOf({ integration }: Decided): Outcome {
  const { managementPolicy } = integration.spec
  const isLeaving = integration.metadata.deletionTimestamp !== undefined
  return managementPolicy === 'Observe' && !isLeaving ? { kind: 'observed' } : { kind: 'done' }
}

function changeOf({ object, integration }: Decided, after: ScimIntegrationStatus) {
  return { object, before: integration.status, after }
}

function toolsOf({ owner, keyring, settings, random, now }: TenantContext, signal: AbortSignal): Tools {
  return { directory: owner.directory, keyring, settings, random, now: now(), signal }
}

/** At the next instant that matters, and in any case now and then; not all at the same time. */
function lookAgain({ settings, now }: TenantContext, { changesAtMs, isWaiting }: Decided): ReconcileResult {
  const resyncMs = (settings.resyncSeconds ?? 600) * 1000 * (0.9 + 0.2 * Math.random())
  const untilChange = changesAtMs === undefined ? resyncMs : Math.max(changesAtMs - now().getTime(), 0)
  return { requeueAfterMs: Math.min(resyncMs, untilChange, isWaiting ? waitingMs : resyncMs) }
}

/** Postgres is away: the status says so, since Kubernetes is not; the queue tries again later and later. */
async function reportOutage(
  { kube, now }: TenantContext,
  key: string,
  live: KubeView,
  signal: AbortSignal,
): Promise<void> {
  const object = await live.get(scimIntegration, parseKey(key))
  if (object === undefined) return
  const integration = readIntegration(object)
  const facts = [
    degradedFact('DatabaseUnavailable', 'The database does not answer. Nothing is changed until it does.'),
    progressingFact('Retrying', 'Waiting for the database.'),
  ]
  const after = rememberingStatus(integration, facts, now())
  await writeStatus(kube, { object, before: integration.status, after }, { fieldManager, signal })
}
