import { expect, test } from 'vitest'

import { deliverySecret, readDelivery } from '#operator/tenant/delivery.ts'
import { dataOf } from '#operator/tenant/manifests.ts'
import { testKeyring } from '#test/kit/test-keyring.ts'

import type { KubeObject } from '#operator/kube.ts'

const owner = { namespace: 'acme', name: 'okta', uid: '11111111-2222-4333-8444-555555555555' }

function made(): KubeObject {
  return deliverySecret(
    {
      owner,
      reader: null,
      issue: {
        id: 'abcdefghi001',
        sequence: 1,
        source: 'Generated',
        requestID: 'r1',
        expires: new Date('2027-05-21T10:00:00Z'),
        deliveryExpires: new Date('2026-11-22T11:00:00Z'),
      },
      token: 'scimt_text',
      created: new Date('2026-11-22T10:00:00Z'),
      baseURL: 'https://okta.scim.test/scim/v2',
    },
    testKeyring,
  )
}

const changed = (data: Record<string, string>): KubeObject => {
  const secret = made()
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return { ...secret, data: Object.assign({}, secret['data'], Object.fromEntries(encoded)) }
}

test('a delivery Secret tells a person what to paste where, and until when', () => {
  expect(made().metadata.name).toMatch(/^okta-[0-9a-f]{8}-token-1$/)
  expect(made()).toMatchObject({ immutable: true, type: 'scim-operator.io/token-delivery' })
  expect(dataOf(made())).toEqual({
    token: 'scimt_text',
    tokenID: 'abcdefghi001',
    baseURL: 'https://okta.scim.test/scim/v2',
    createdTime: '2026-11-22T10:00:00.000Z',
    expirationTime: '2027-05-21T10:00:00.000Z',
    deliveryExpirationTime: '2026-11-22T11:00:00.000Z',
    requestID: 'r1',
  })
})

test('a delivery is read back after a restart with all that a record needs', () => {
  expect(readDelivery(made(), owner.uid, testKeyring)).toEqual({
    secretName: made().metadata.name,
    reader: null,
    token: 'scimt_text',
    tokenId: 'abcdefghi001',
    created: new Date('2026-11-22T10:00:00Z'),
    tokenExpires: new Date('2027-05-21T10:00:00Z'),
    expires: new Date('2026-11-22T11:00:00Z'),
    isAcknowledged: false,
    source: 'Generated',
    requestID: 'r1',
  })
})

const annotated = (value: string): KubeObject => {
  const secret = made()
  const annotations = { ...secret.metadata.annotations, 'scim-operator.io/acknowledged': value }
  return { ...secret, metadata: { ...secret.metadata, annotations } }
}

test('the annotation acknowledges the token that it names and no other', () => {
  expect(readDelivery(annotated('abcdefghi001'), owner.uid, testKeyring)?.isAcknowledged).toBe(true)
  expect(readDelivery(annotated('true'), owner.uid, testKeyring)?.isAcknowledged).toBe(false)
})

test.for([
  ['a token', { token: 'scimt_mine' }],
  ['a longer life', { expirationTime: '2099-01-01T00:00:00.000Z' }],
  ['a longer delivery', { deliveryExpirationTime: '2099-01-01T00:00:00.000Z' }],
  ['another reader', { reader: 'app' }],
] as const)('a delivery into which somebody wrote %s is refused', ([, data]) => {
  expect(readDelivery(changed(data), owner.uid, testKeyring)).toBeUndefined()
})

test('a delivery copied from another integration is refused', () => {
  expect(readDelivery(made(), '99999999-2222-4333-8444-555555555555', testKeyring)).toBeUndefined()
})
