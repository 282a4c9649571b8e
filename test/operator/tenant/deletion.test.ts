import { expect, test } from 'vitest'

import { planDeletion } from '#operator/tenant/deletion.ts'
import { secretKind } from '#operator/tenant/manifests.ts'
import { aTenantRecord, parsedIntegration } from '#test/kit/integration.ts'
import { thing } from '#test/kit/scripted-kube.ts'

import type { TenantRecord } from '#directory/tenants.ts'

const held = { finalizers: ['other', 'scim-operator.io/tenant'], deletionTimestamp: '2026-11-22T10:00:00Z' }
const children = [{ of: secretKind, object: thing('okta-scim-token', '1') }]

const kinds = (
  spec: Record<string, unknown>,
  own: TenantRecord | undefined,
  metadata: Record<string, unknown> = held,
) =>
  planDeletion({ integration: parsedIntegration({ spec, metadata }), own, children }).map(({ kind }) => kind)

test('Retain ends access first, then the children go, then the finalizer', () => {
  expect(kinds({}, aTenantRecord())).toEqual(['TombstoneTenant', 'DeleteObject', 'ReleaseFinalizer'])
})

test('Delete without grace drops the data before the object goes', () => {
  const spec = { deletionPolicy: 'Delete' }
  expect(kinds(spec, aTenantRecord())).toEqual(['DropTenant', 'DeleteObject', 'ReleaseFinalizer'])
})

test('Delete with a grace keeps the data unreachable until it is over', () => {
  const integration = parsedIntegration({
    spec: { deletionPolicy: 'Delete', deletionGraceSeconds: 3600 },
    metadata: held,
  })
  const [first] = planDeletion({ integration, own: aTenantRecord(), children })
  expect(first).toMatchObject({ kind: 'TombstoneTenant', deleteAfter: new Date('2026-11-22T11:00:00Z') })
})

test('a deletion that was cut short goes on where it was', () => {
  expect(kinds({}, aTenantRecord({ deleted: new Date() }))).toEqual(['DeleteObject', 'ReleaseFinalizer'])
})

test('an object that never had a tenant, and one that was never held, leave the database alone', () => {
  expect(kinds({ deletionPolicy: 'Delete' }, undefined)).toEqual(['DeleteObject', 'ReleaseFinalizer'])
  expect(kinds({}, aTenantRecord(), { deletionTimestamp: held.deletionTimestamp })).toEqual([])
})

test('under Observe the deletion removes our finalizer and nothing else', () => {
  expect(kinds({ managementPolicy: 'Observe' }, aTenantRecord())).toEqual(['ReleaseFinalizer'])
})
