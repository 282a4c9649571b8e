/**
 * The reconcile of a ScimIntegration: look, decide, act, say so. It reads the world and not the event, never sleeps
 * and counts no retries; it returns when to look again.
 */
import * as z from 'zod'

import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { isRefusal } from '#operator/kube.ts'
import { parseKey } from '#operator/object-key.ts'
import { isSaid, writeStatus } from '#operator/status-writer.ts'
import { cachedView, liveView } from '#operator/view.ts'

import { carryOut } from './act.ts'
import { decide } from './decide.ts'
import { fieldManager } from './names.ts'
import { readIntegration } from './observe.ts'
import { rehearse } from './rehearse.ts'
import { rememberingStatus } from './report.ts'
import { degradedFact, progressingFact } from './summary.ts'

import type { Owner } from '#directory/owner.ts'
import type { Keyring } from '#directory/token.ts'
import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'
import type { Reconcile, ReconcileResult } from '#operator/controller.ts'
import type { Kube, KubeObject } from '#operator/kube.ts'
import type { OperatorSettings } from '#operator/settings.ts'
import type { CachedKind, KubeView } from '#operator/view.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Decided, Tools } from './decide.ts'
import type { TenantGauges } from './gauges.ts'
import type { Outcome } from './report.ts'
import type { Fact } from './summary.ts'

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
      const calm = await lookAround(context, key, live, signal)
      if (calm !== undefined) {
        context.gauges.show(key, calm.integration.status)
        return lookAgain(context, calm)
      }
      const decided = await changed(context, key, cachedView(readFromCache(context), live), signal)
      if (decided !== undefined) return lookAgain(context, decided)
      context.gauges.forget(key)
      return {}
    } catch (error) {
      const trouble = troubleOf(error)
      if (trouble !== undefined) await report(trouble, context, key, { live, signal })
      throw error
    }
  }
}

/** What the caches show, if that is in order. */
async function lookAround(
  context: TenantContext,
  key: string,
  live: KubeView,
  signal: AbortSignal,
): Promise<Decided | undefined> {
  const view = cachedView(context.caches, live)
  const object = await view.get(scimIntegration, parseKey(key))
  // Its status speaks of another spec, so there is something to do.
  if (object === undefined || !isObservedGeneration(object)) return undefined
  const decided = await decide(view, key, toolsOf(context, signal), [])
  return decided !== undefined && isCalm(decided) ? decided : undefined
}

const Observed = z.object({ observedGeneration: z.int() })

function isObservedGeneration({ metadata, status }: KubeObject): boolean {
  const { data } = Observed.safeParse(status)
  return data !== undefined && data.observedGeneration === metadata.generation
}

/**
 * Of policies only the status speaks, and one that changes brings its integration back here: the cache is good enough,
 * and spares the API a list of all policies of the namespace.
 */
function readFromCache({ caches }: TenantContext): readonly CachedKind[] {
  return caches.filter(({ kind }) => kind.kind === scimAssignmentPolicy.kind)
}

/** Nothing to do, and nothing to say that is not said. */
function isCalm(decided: Decided): boolean {
  const after = decided.statusAfter(outcomeOf(decided))
  const hasWork = decided.actions.length > 0 && !isObserved(decided)
  return !hasWork && (after === undefined || isSaid(changeOf(decided, after)))
}

/** Decides on the living world, acts, and writes the status once. */
async function changed(
  context: TenantContext,
  key: string,
  view: KubeView,
  signal: AbortSignal,
): Promise<Decided | undefined> {
  const { kube, owner, metrics, gauges } = context
  const tools = toolsOf(context, signal)
  const occupied: string[] = []
  for (;;) {
    const decided = await decide(view, key, tools, occupied)
    if (decided === undefined) return undefined
    const { actions, object } = decided
    const acted = isObserved(decided)
      ? await rehearse(actions, { kube, signal })
      : await carryOut(actions, { kube, owner, metrics, object, now: tools.now, signal })
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

/** What comes of it when nobody objects. */
function outcomeOf(decided: Decided): Outcome {
  return isObserved(decided) ? { kind: 'observed', refusals: [] } : { kind: 'done' }
}

function isObserved({ integration }: Decided): boolean {
  const isLeaving = integration.metadata.deletionTimestamp !== undefined
  return integration.spec.managementPolicy === 'Observe' && !isLeaving
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

/** What people can do something about, and of which the status can still speak. */
function troubleOf(error: unknown): readonly Fact[] | undefined {
  if (error instanceof DatabaseUnavailableError) {
    return [
      degradedFact('DatabaseUnavailable', 'The database does not answer. Nothing is changed until it does.'),
      progressingFact('Retrying', 'Waiting for the database.'),
    ]
  }
  if (!isRefusal(error)) return undefined
  return [
    degradedFact('RequestRefused', `The API refuses a request: ${error.message}`),
    progressingFact('Retrying', 'Waiting for the API to allow it.'),
  ]
}

/** The queue tries again later and later; until then the status says what is wrong. */
async function report(
  facts: readonly Fact[],
  { kube, now }: TenantContext,
  key: string,
  { live, signal }: { readonly live: KubeView; readonly signal: AbortSignal },
): Promise<void> {
  const object = await live.get(scimIntegration, parseKey(key))
  if (object === undefined) return
  const integration = readIntegration(object)
  const after = rememberingStatus(integration, facts, now())
  await writeStatus(kube, { object, before: integration.status, after }, { fieldManager, signal })
}
