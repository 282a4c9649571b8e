import { expect, test } from 'vitest'

import { policyRecord, readSpec } from '#operator/policy/record.ts'
import { aPolicy } from '#test/kit/manifests.ts'

const metadata = {
  name: 'laptops',
  namespace: 'acme',
  uid: 'uid-1',
  generation: 3,
  creationTimestamp: '2026-11-22T10:00:00Z',
}

const read = (spec: Record<string, unknown> = {}) => readSpec(aPolicy('laptops', spec)['spec'])

function record(spec: Record<string, unknown> = {}) {
  const found = read(spec)
  if (found.kind === 'invalid') throw new Error(found.message)
  return policyRecord(metadata, found.spec, new Date())
}

test('a policy becomes one row with its rules in order', () => {
  expect(record({ default: 'none' })).toMatchObject({
    id: 'uid-1',
    namespace: 'acme',
    name: 'laptops',
    generation: 3,
    cardinality: 'One',
    defaultValue: 'none',
    rules: [{ name: 'staff', match: { anyGroup: [{ displayName: 'Staff' }] }, assign: ['laptop'] }],
    created: new Date('2026-11-22T10:00:00Z'),
  })
})

test('the hash moves with anything that decides who gets what', () => {
  const rule = { name: 'staff', match: { anyGroup: [{ displayName: 'Staff' }] }, assign: ['laptop'] }
  const hashes = [
    record(),
    record({ default: 'none' }),
    record({ cardinality: 'Many' }),
    record({ rules: [{ ...rule, assign: ['desktop'] }] }),
    record({ rules: [rule, { ...rule, name: 'second' }] }),
  ].map(({ specHash }) => specHash)
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(record().specHash).toBe(hashes[0])
})

test('a filter that is none is refused with the field and the reason', () => {
  const rules = [
    { name: 'good', match: { where: 'active eq true' }, assign: ['v'] },
    { name: 'bad', match: { where: 'shoeSize gt 44' }, assign: ['v'] },
  ]
  expect(read({ rules })).toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/^spec\.rules\[1\]\.match\.where: .*shoeSize/),
  })
})
