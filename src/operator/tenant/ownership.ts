/** Which tenant an integration has: its own, a new one, one that was left behind, or none it may have. Pure. */

import { tenantIdOf } from '#directory/tenant-scope.ts'

import { defaultTenantSlug } from './names.ts'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { TenantRecord } from '#directory/tenants.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'

import type { Owner } from './names.ts'

/** What the database says about the tenants that could be meant. */
export interface Candidates {
  /** Owned by this uid. */
  readonly own: TenantRecord | undefined
  /** Has the id that is wanted. */
  readonly wanted: TenantRecord | undefined
  /** Last owned by an object of this namespace and name. */
  readonly namesake: TenantRecord | undefined
}

export type Ownership =
  | {
      readonly kind: 'own' | 'create' | 'adopt'
      readonly id: TenantId
      readonly slug: string
      /** The row as it is; undefined when it is to be created. */
      readonly row: TenantRecord | undefined
      /** A living tenant whose object went without our knowing: it is to be retained first. */
      readonly orphan?: TenantRecord
    }
  | {
      readonly kind: 'refused'
      readonly reason: 'NameConflict' | 'TenantRetained' | 'TenantIDChanged'
      readonly message: string
    }

/** The id that the integration asks for, or gets by default. */
export function wantedSlug({ spec, status }: ScimIntegration, owner: Owner): string {
  return spec.tenantID ?? status.tenantID ?? defaultTenantSlug(owner)
}

/** Decides. Nothing is taken over unless the spec says so, and never from a living owner. */
export function ownershipOf(integration: ScimIntegration, owner: Owner, candidates: Candidates): Ownership {
  const { spec } = integration
  const { own, wanted, namesake } = candidates
  if (own !== undefined) {
    if (spec.tenantID === undefined || spec.tenantID === own.slug) {
      return { kind: 'own', id: own.id, slug: own.slug, row: own }
    }
    const message = `tenantID is ${own.slug} and cannot be changed to ${spec.tenantID}.`
    return { kind: 'refused', reason: 'TenantIDChanged', message }
  }
  const left = [wanted, namesake].find((tenant) => tenant !== undefined && isLeftBehind(owner, tenant))
  const isWanted = spec.tenantID === undefined || spec.tenantID === left?.slug
  if (left !== undefined && isWanted && spec.adoptionPolicy === 'IfRetained') {
    return { kind: 'adopt', id: left.id, slug: left.slug, row: left }
  }
  if (wanted !== undefined) return refused(wanted, owner)
  const slug = wantedSlug(integration, owner)
  const orphan = left?.deleted === null ? { orphan: left } : {}
  return { kind: 'create', id: tenantIdOf(owner.uid), slug, row: undefined, ...orphan }
}

/** A name belongs to one object at a time: whoever owned the tenant under our name is no more, finalizer or not. */
function isLeftBehind(owner: Owner, tenant: TenantRecord): boolean {
  return tenant.namespace === owner.namespace && tenant.name === owner.name && tenant.ownerUid !== owner.uid
}

function refused(wanted: TenantRecord, owner: Owner): Ownership {
  if (wanted.deleted === null && !isLeftBehind(owner, wanted)) {
    const message = `tenantID ${wanted.slug} belongs to ${wanted.namespace}/${wanted.name}.`
    return { kind: 'refused', reason: 'NameConflict', message }
  }
  const remedy = isLeftBehind(owner, wanted)
    ? 'Set adoptionPolicy to IfRetained to take it over.'
    : 'Choose another tenantID.'
  const message = `The data of tenantID ${wanted.slug} is retained from the deleted ${wanted.namespace}/${wanted.name}. ${remedy}`
  return { kind: 'refused', reason: 'TenantRetained', message }
}
