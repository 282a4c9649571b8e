/** What a plan may ask for, as data: it is tested without doing it, and shown to people instead of done. */

import type { TenantId } from '#directory/tenant-scope.ts'
import type { NewTenant } from '#directory/tenant-writes.ts'
import type { TokenRecord } from '#directory/token.ts'
import type { KubeKind, KubeObject } from '#operator/kube.ts'

/** An Event for people, recorded when the action is done. */
export interface Note {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly text: string
}

type Deed =
  | { readonly kind: 'HoldFinalizer' | 'ReleaseFinalizer'; readonly finalizer: string }
  | { readonly kind: 'PutTenant' | 'RestoreTenant'; readonly tenant: NewTenant }
  | { readonly kind: 'TombstoneTenant'; readonly tenantId: TenantId; readonly deleteAfter: Date | null }
  | { readonly kind: 'DropTenant'; readonly tenantId: TenantId }
  /** Never overwrites: an object of that name is somebody else's. */
  | { readonly kind: 'CreateSecret'; readonly object: KubeObject }
  | { readonly kind: 'ApplyObject'; readonly of: KubeKind; readonly object: KubeObject }
  | { readonly kind: 'DeleteObject'; readonly of: KubeKind; readonly object: KubeObject }
  | { readonly kind: 'PutTokens'; readonly tenantId: TenantId; readonly records: readonly TokenRecord[] }
  | { readonly kind: 'RemoveTokens'; readonly tenantId: TenantId; readonly ids: readonly string[] }

export type Action = Deed & {
  readonly note?: Note
  /** It puts back what somebody changed: the kind, for the counter. */
  readonly drift?: string
}

/** One line for a person who only wants to know what would be done. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'HoldFinalizer':
      return 'add the finalizer'
    case 'ReleaseFinalizer':
      return 'remove the finalizer'
    case 'PutTenant':
      return `write tenant ${action.tenant.slug}`
    case 'RestoreTenant':
      return `restore tenant ${action.tenant.slug}`
    case 'TombstoneTenant':
      return `retain tenant ${action.tenantId}`
    case 'DropTenant':
      return `drop tenant ${action.tenantId}`
    case 'CreateSecret':
    case 'ApplyObject':
      return `write ${action.object.kind} ${action.object.metadata.name}`
    case 'DeleteObject':
      return `delete ${action.object.kind} ${action.object.metadata.name}`
    case 'PutTokens':
      return `record tokens ${action.records.map(({ id }) => id).join(', ')}`
    case 'RemoveTokens':
      return `forget tokens ${action.ids.join(', ')}`
  }
}
