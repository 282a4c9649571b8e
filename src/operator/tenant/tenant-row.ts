/** The tenant row that a spec asks for: what servers must know of it. Pure. */
import { createHash } from 'node:crypto'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { TenantSettings } from '#directory/tenant-settings.ts'
import type { NewTenant } from '#directory/tenant-writes.ts'
import type { TenantRecord } from '#directory/tenants.ts'
import type { ScimIntegrationSpec } from '#operator/api/scim-integration.ts'

import type { Address } from './address.ts'
import type { Owner } from './names.ts'

/** What is usual for an identity provider; the spec's own words win (design section 4). */
const usual: Readonly<Record<string, Partial<TenantSettings['compatibility']>>> = {
  EntraID: { patchResponse: 'NoContent' },
  OneLogin: { contentType: 'JSON' },
}

export function tenantSettings({
  identityProvider,
  compatibility,
  limits,
}: ScimIntegrationSpec): TenantSettings {
  return {
    identityProvider: identityProvider.type,
    compatibility: {
      patchResponse: 'Resource',
      contentType: 'Auto',
      strictness: 'Lenient',
      postInactive: 'Conflict',
      ...usual[identityProvider.type],
      ...compatibility,
    },
    limits,
  }
}

export interface RowFacts {
  readonly id: TenantId
  readonly slug: string
  readonly owner: Owner
  readonly spec: ScimIntegrationSpec
  readonly address: Address
  readonly created: Date
}

export function tenantRow({ id, slug, owner, spec, address, created }: RowFacts): NewTenant {
  const row = {
    id,
    slug,
    ownerUid: owner.uid,
    namespace: owner.namespace,
    name: owner.name,
    displayName: spec.displayName,
    state: spec.state,
    endpointPath: spec.endpoint.path,
    settings: tenantSettings(spec),
    hosts: address.hosts,
  }
  return { ...row, created, specHash: hashOf(row) }
}

/** Whether the living row says just that; every field is compared, so a row changed by hand is put back. */
export function rowIsAsWanted(row: TenantRecord, wanted: NewTenant): boolean {
  const { deleted, deleteAfter: _deleteAfter, created: _created, specHash, ...fields } = row
  return deleted === null && specHash === wanted.specHash && hashOf(fields) === wanted.specHash
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortedKeys)).digest('hex').slice(0, 32)
}

/** jsonb does not keep the order of keys. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
