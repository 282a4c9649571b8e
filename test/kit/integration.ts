/** Integrations and tenants as values, for tests of decisions. */

import { randomUUID } from 'node:crypto'

import { tenantIdOf } from '#directory/tenant-scope.ts'
import { newTenant } from '#test/kit/builders.ts'
import { ScimIntegration } from '#operator/api/scim-integration.ts'

import type { TenantRecord } from '#directory/tenants.ts'

interface Parts {
  readonly spec?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

/** `acme/okta` as the operator reads it, defaults filled in. */
export function parsedIntegration({ spec, metadata, status }: Parts = {}): ScimIntegration {
  return ScimIntegration.parse({
    apiVersion: 'scim-operator.io/v1alpha1',
    kind: 'ScimIntegration',
    metadata: { namespace: 'acme', name: 'okta', uid: '11111111-2222-4333-8444-555555555555', ...metadata },
    spec: { displayName: 'Okta', ...spec },
    ...(status === undefined ? {} : { status }),
  })
}

/** The living tenant of `acme/okta`. */
export function aTenantRecord(changes: Partial<TenantRecord> = {}): TenantRecord {
  const id = tenantIdOf(randomUUID())
  return {
    ...newTenant({ id, slug: 'okta', ownerUid: id, namespace: 'acme', name: 'okta', displayName: 'Okta' }),
    hosts: [],
    created: new Date('2026-11-01T10:00:00Z'),
    deleted: null,
    deleteAfter: null,
    ...changes,
  }
}
