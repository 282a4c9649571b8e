/** Carries out a plan, one action after the other, each safe to repeat. Stops at the first that is refused. */

import { dropTenant } from '#directory/drop-tenant.ts'
import { putTenant, restoreTenant, tombstoneTenant } from '#directory/tenant-writes.ts'
import { putTokens, removeTokens } from '#directory/tokens.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { KubeError } from '#operator/kube.ts'

import { fieldManager } from './names.ts'

import type { Owner as DirectoryOwner } from '#directory/owner.ts'
import type { PutTenantOutcome } from '#directory/tenant-writes.ts'
import type { Kube, KubeObject } from '#operator/kube.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Action } from './action.ts'
import type { Conflict } from './report.ts'

export interface Hands {
  readonly kube: Kube
  readonly owner: DirectoryOwner
  readonly metrics: Metrics
  /** The integration, as it was read for the plan. */
  readonly object: KubeObject
  readonly now: Date
  readonly signal: AbortSignal
}

export type Acted =
  | { readonly kind: 'done' }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  /** A Secret of that name exists and is not ours. */
  | { readonly kind: 'occupied'; readonly name: string }

export async function carryOut(actions: readonly Action[], hands: Hands): Promise<Acted> {
  for (const action of actions) {
    hands.signal.throwIfAborted()
    const acted = await perform(action, hands)
    if (acted.kind !== 'done') return acted
    if (action.drift !== undefined) hands.metrics.driftCorrections.inc({ kind: action.drift })
    if (action.note !== undefined) {
      const { type, reason, text } = action.note
      hands.kube.recordEvent({ regarding: hands.object, type, reason, action: action.kind, note: text })
    }
  }
  return done
}

const done: Acted = { kind: 'done' }

async function perform(action: Action, hands: Hands): Promise<Acted> {
  const { kube, owner, signal, now } = hands
  switch (action.kind) {
    case 'HoldFinalizer':
      await setFinalizers(hands, (finalizers) => [...finalizers, action.finalizer])
      return done
    case 'ReleaseFinalizer':
      await setFinalizers(hands, (finalizers) => finalizers.filter((name) => name !== action.finalizer))
      return done
    case 'PutTenant':
      return conflictOf(await putTenant(owner, action.tenant))
    case 'RestoreTenant':
      return conflictOf(await restoreTenant(owner, action.tenant))
    case 'TombstoneTenant':
      await tombstoneTenant(owner, action.tenantId, { now, deleteAfter: action.deleteAfter })
      return done
    case 'DropTenant':
      await dropTenant(owner, action.tenantId, { now, signal })
      return done
    case 'CreateSecret':
      return createSecret(action.object, hands)
    case 'ApplyObject':
      await kube.apply(action.object, { fieldManager, force: true, signal })
      return done
    case 'DeleteObject': {
      const { uid } = action.object.metadata
      await kube.delete(action.of, action.object.metadata, { ...(uid === undefined ? {} : { uid }), signal })
      return done
    }
    case 'PutTokens':
      await putTokens(owner, action.tenantId, action.records)
      return done
    case 'RemoveTokens':
      await removeTokens(owner, action.tenantId, action.ids)
      return done
  }
}

async function setFinalizers(
  { kube, object, signal }: Hands,
  change: (finalizers: readonly string[]) => string[],
): Promise<void> {
  const finalizers = change(object.metadata.finalizers ?? [])
  await kube.setFinalizers(object, scimIntegration, finalizers, { signal })
}

async function createSecret(object: KubeObject, { kube, signal }: Hands): Promise<Acted> {
  try {
    await kube.create(object, { signal })
    return done
  } catch (error) {
    if (!(error instanceof KubeError) || error.reason !== 'AlreadyExists') throw error
    return { kind: 'occupied', name: object.metadata.name }
  }
}

function conflictOf(outcome: PutTenantOutcome): Acted {
  switch (outcome.kind) {
    case 'ok':
      return done
    case 'deleted':
      // Seen living a moment ago; the next pass reads it as it is now.
      throw new Error('The tenant was deleted while it was being written')
    case 'conflict': {
      const owner = outcome.isRetained ? `the deleted ${outcome.with}` : outcome.with
      if (outcome.on === 'slug' && outcome.isRetained) {
        return conflict('TenantRetained', `The data of this tenantID is retained from ${owner}.`)
      }
      return outcome.on === 'hostname'
        ? conflict('HostnameConflict', `The host name belongs to ${owner}.`)
        : conflict(
            'NameConflict',
            `The ${outcome.on === 'slug' ? 'tenantID' : 'displayName'} belongs to ${owner}.`,
          )
    }
  }
}

function conflict(reason: Conflict['reason'], message: string): Acted {
  return { kind: 'conflict', conflict: { reason, message } }
}
