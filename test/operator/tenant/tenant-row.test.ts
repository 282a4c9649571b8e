import { describe, expect, test } from 'vitest'

import { tenantIdOf } from '#directory/tenant-scope.ts'
import { addressOf } from '#operator/tenant/address.ts'
import { rowIsAsWanted, tenantRow, tenantSettings } from '#operator/tenant/tenant-row.ts'
import { parsedIntegration } from '#test/kit/integration.ts'

import type { TenantRecord } from '#directory/tenants.ts'

const compatibility = (spec: Record<string, unknown>) =>
  tenantSettings(parsedIntegration({ spec }).spec).compatibility

test.for([
  ['EntraID', { patchResponse: 'NoContent', contentType: 'Auto' }],
  ['OneLogin', { patchResponse: 'Resource', contentType: 'JSON' }],
  ['Okta', { patchResponse: 'Resource', contentType: 'Auto' }],
  ['Generic', { strictness: 'Lenient', postInactive: 'Conflict' }],
] as const)('%s sets the defaults %j', ([type, expected]) => {
  expect(compatibility({ identityProvider: { type } })).toMatchObject(expected)
})

test('what the spec says of compatibility wins over what is usual for the identity provider', () => {
  const spec = { identityProvider: { type: 'EntraID' }, compatibility: { patchResponse: 'Resource' } }
  expect(compatibility(spec).patchResponse).toBe('Resource')
})

describe('a row', () => {
  const owner = { namespace: 'acme', name: 'okta', uid: '11111111-2222-4333-8444-555555555555' }
  const id = tenantIdOf(owner.uid)
  const rowOf = (spec: Record<string, unknown> = {}) => {
    const parsed = parsedIntegration({ spec }).spec
    const address = addressOf(parsed.endpoint, 'okta', {
      defaultEndpointType: 'None',
      baseDomain: 'scim.test',
    })
    return tenantRow({ id, slug: 'okta', owner, spec: parsed, address, created: new Date() })
  }
  const stored = (changes: Partial<TenantRecord> = {}): TenantRecord => ({
    ...rowOf(),
    deleted: null,
    deleteAfter: null,
    ...changes,
  })

  test('that says what the spec says is left alone, in whatever order jsonb returns its keys', () => {
    const { limits, compatibility, identityProvider } = stored().settings
    const reversed = { limits, compatibility, identityProvider }
    expect(rowIsAsWanted(stored({ settings: reversed }), rowOf())).toBe(true)
  })

  test.for([
    ['state', { state: 'Disabled' }],
    ['hosts', { hosts: [] }],
    ['displayName', { displayName: 'Other' }],
    ['owner', { ownerUid: '99999999-2222-4333-8444-555555555555' }],
    ['tombstone', { deleted: new Date() }],
  ] as const)('whose %s was changed by hand is not as wanted', ([, changes]) => {
    expect(rowIsAsWanted(stored(changes), rowOf())).toBe(false)
  })

  test('changes with every field of the spec that servers read', () => {
    const specs = [
      { state: 'Disabled' },
      { displayName: 'x' },
      { endpoint: { path: '/x' } },
      { limits: { burst: 1 } },
    ]
    for (const spec of specs) expect(rowIsAsWanted(stored(), rowOf(spec))).toBe(false)
    expect(rowIsAsWanted(stored(), rowOf({ deletionPolicy: 'Delete' }))).toBe(true)
  })
})
