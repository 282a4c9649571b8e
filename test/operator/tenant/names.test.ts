import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { tokenIdOf, mintToken } from '#directory/token.ts'
import { defaultTenantSlug, deliverySecretName, sequenceOf, tokenIdFor } from '#operator/tenant/names.ts'

test('the default tenantID is a DNS label of at most 40 characters, whatever the name', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) =>
    labels
      .join('.')
      .slice(0, 50)
      .replace(/[.-]+$/, ''),
  )
  fc.assert(
    fc.property(name, fc.uuid(), (name, uid) => {
      const slug = defaultTenantSlug({ namespace: 'acme', name, uid })
      expect(slug).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
      expect(slug.length).toBeLessThanOrEqual(40)
    }),
  )
})

test('the default tenantID is the name and eight characters of base32 of the hash of the uid', () => {
  // printf 11111111-2222-4333-8444-555555555555 | sha256sum | xxd -r -p | base32
  const uid = '11111111-2222-4333-8444-555555555555'
  expect(defaultTenantSlug({ namespace: 'acme', name: 'acme.okta', uid })).toBe('acme-okta-z5geomx5')
})

test('a token id says how many came before it, is the same after a crash, and fits the token format', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 1, max: 62 ** 3 - 1 }), (uid, sequence) => {
      const id = tokenIdFor(uid, null, sequence)
      expect(sequenceOf(id)).toBe(sequence)
      expect(tokenIdFor(uid, null, sequence)).toBe(id)
      expect(tokenIdOf(mintToken({ id, random: new Uint8Array(32) }))).toBe(id)
    }),
  )
})

test('ids of other purposes, owners and times differ', () => {
  const ids = [
    tokenIdFor('u', null, 1),
    tokenIdFor('u', null, 2),
    tokenIdFor('u', 'app', 1),
    tokenIdFor('v', null, 1),
  ]
  expect(new Set(ids).size).toBe(4)
})

test('a text that is no token id has no sequence', () => {
  expect(['', 'short', 'with-dashes1', 'abcdefghi0011'].map(sequenceOf)).toEqual([0, 0, 0, 0])
})

test('names of deliveries fit Kubernetes even for the longest name and reader', () => {
  const owner = { namespace: 'acme', name: 'n'.repeat(50), uid: 'u' }
  expect(deliverySecretName(owner, 'r'.repeat(40), 238_327).length).toBeLessThanOrEqual(253)
})
