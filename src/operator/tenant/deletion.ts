/** What is left to do for an integration that is being deleted; the finalizer leaves last. Pure. */

import { tenantFinalizer } from './names.ts'

import type { TenantRecord } from '#directory/tenants.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'
import type { KubeKind, KubeObject } from '#operator/kube.ts'

import type { Action } from './action.ts'

export interface DeletionWorld {
  readonly integration: ScimIntegration
  /** The tenant whose owner is this very object: an older or newer namesake's is not touched. */
  readonly own: TenantRecord | undefined
  /** Secrets and routes that this very object owns. */
  readonly children: readonly { readonly of: KubeKind; readonly object: KubeObject }[]
}

/** Access ends first, then Secrets and routes go, then the object may. Nothing of it, if it was never held. */
export function planDeletion({ integration, own, children }: DeletionWorld): Action[] {
  const { metadata, spec } = integration
  if (!(metadata.finalizers?.includes(tenantFinalizer) ?? false)) return []
  const release: Action = { kind: 'ReleaseFinalizer', finalizer: tenantFinalizer }
  if (spec.managementPolicy === 'Observe') return [release]
  return [
    ...(own === undefined ? [] : endOf(own, integration)),
    ...children.map((child): Action => ({ kind: 'DeleteObject', ...child })),
    release,
  ]
}

function endOf(own: TenantRecord, { spec, metadata }: ScimIntegration): Action[] {
  const { deletionPolicy, deletionGraceSeconds } = spec
  if (deletionPolicy === 'Delete' && deletionGraceSeconds === 0) {
    const note = {
      type: 'Normal',
      reason: 'TenantDropped',
      text: `The data of tenant ${own.slug} is gone.`,
    } as const
    return [{ kind: 'DropTenant', tenantId: own.id, note }]
  }
  const deleteAfter =
    deletionPolicy === 'Delete' ? secondsAfter(metadata.deletionTimestamp, deletionGraceSeconds) : null
  if (own.deleted !== null && own.deleteAfter?.getTime() === deleteAfter?.getTime()) return []
  const until = deleteAfter === null ? 'until someone takes it over' : `until ${deleteAfter.toISOString()}`
  const text = `Tenant ${own.slug} answers no more; its data is kept ${until}.`
  return [
    {
      kind: 'TombstoneTenant',
      tenantId: own.id,
      deleteAfter,
      note: { type: 'Normal', reason: 'TenantRetained', text },
    },
  ]
}

function secondsAfter(instant: string | undefined, seconds: number): Date {
  return new Date(Date.parse(instant ?? '') + seconds * 1000)
}
