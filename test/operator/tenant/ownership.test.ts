import { expect, test } from 'vitest'

import { tenantIdOf } from '#directory/tenant-scope.ts'
import { ownershipOf } from '#operator/tenant/ownership.ts'
import { aTenantRecord, parsedIntegration } from '#test/kit/integration.ts'

import type { Candidates } from '#operator/tenant/ownership.ts'

const uid = '11111111-2222-4333-8444-555555555555'
const owner = { namespace: 'acme', name: 'okta', uid }
const deleted = new Date('2026-11-01T00:00:00Z')
const oldUid = '99999999-2222-4333-8444-555555555555'
const nobody: Candidates = { own: undefined, wanted: undefined, namesake: undefined }

const decide = (spec: Record<string, unknown>, candidates: Partial<Candidates>) =>
  ownershipOf(parsedIntegration({ spec, metadata: { uid, name: 'okta' } }), owner, {
    ...nobody,
    ...candidates,
  })

test('an integration without a past gets a tenant whose id is its uid', () => {
  expect(decide({}, {})).toEqual({ kind: 'create', id: uid, slug: 'okta-z5geomx5', row: undefined })
  expect(decide({ tenantID: 'mine' }, {})).toMatchObject({ kind: 'create', slug: 'mine' })
})

test('its own tenant is recognised by the uid, and its tenantID stays', () => {
  const own = aTenantRecord({ ownerUid: uid, slug: 'first' })
  expect(decide({}, { own })).toMatchObject({ kind: 'own', slug: 'first' })
  expect(decide({ tenantID: 'second' }, { own })).toMatchObject({
    kind: 'refused',
    reason: 'TenantIDChanged',
  })
})

test('the tenantID of a living tenant is refused, and the refusal says whose it is', () => {
  const wanted = aTenantRecord({ slug: 'mine', namespace: 'other', name: 'entra' })
  const ownership = decide({ tenantID: 'mine', adoptionPolicy: 'IfRetained' }, { wanted })
  expect(ownership).toMatchObject({ kind: 'refused', reason: 'NameConflict' })
  expect(ownership).toHaveProperty('message', 'tenantID mine belongs to other/entra.')
})

test('what a deleted namesake left behind is taken over only if the spec says so', () => {
  const wanted = aTenantRecord({ slug: 'mine', ownerUid: oldUid, id: tenantIdOf(oldUid), deleted })
  expect(decide({ tenantID: 'mine' }, { wanted })).toMatchObject({
    kind: 'refused',
    reason: 'TenantRetained',
  })
  expect(decide({ tenantID: 'mine', adoptionPolicy: 'IfRetained' }, { wanted })).toMatchObject({
    kind: 'adopt',
    id: oldUid,
    slug: 'mine',
  })
})

test('a namesake is taken over by name when no tenantID is given, and keeps its own', () => {
  const namesake = aTenantRecord({ slug: 'okta-old', ownerUid: oldUid, deleted })
  expect(decide({ adoptionPolicy: 'IfRetained' }, { namesake })).toMatchObject({
    kind: 'adopt',
    slug: 'okta-old',
  })
  expect(decide({}, { namesake })).toMatchObject({ kind: 'create', slug: 'okta-z5geomx5' })
})

test('data retained from an object of another name is never taken over', () => {
  const wanted = aTenantRecord({ slug: 'mine', name: 'entra', ownerUid: oldUid, deleted })
  expect(decide({ tenantID: 'mine', adoptionPolicy: 'IfRetained' }, { wanted })).toMatchObject({
    kind: 'refused',
    reason: 'TenantRetained',
  })
})

test('a living tenant whose object vanished without its finalizer is retained before its name is used again', () => {
  const namesake = aTenantRecord({ slug: 'okta-old', ownerUid: oldUid })
  expect(decide({}, { namesake })).toMatchObject({ kind: 'create', orphan: { slug: 'okta-old' } })
})
