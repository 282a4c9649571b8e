import { expect, test } from 'vitest'

import { tenantIdOf } from '#directory/tenant-scope.ts'
import { policyStatus, refusedStatus } from '#operator/policy/report.ts'

import type { PolicyState } from '#directory/policies.ts'
import type { ScimAssignmentPolicyStatus } from '#operator/api/scim-assignment-policy.ts'

const metadata = { name: 'laptops', namespace: 'acme', uid: 'uid-1', generation: 2 }
const facts = { metadata, before: {}, now: new Date('2026-11-22T10:00:00Z') }

const state = (changes: Partial<PolicyState> = {}): PolicyState => ({
  tenantId: tenantIdOf('11111111-2222-4333-8444-555555555555'),
  policyId: 'uid-1',
  generation: 2,
  progress: null,
  counts: {},
  users: 0,
  problems: [],
  updated: new Date(),
  ...changes,
})

const said = ({ conditions = [] }: ScimAssignmentPolicyStatus) =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]))

const ready = (changes: Partial<PolicyState>) => said(policyStatus(facts, state(changes)))

test('a policy is Ready with its first evaluation, and Synced when the newest generation is evaluated', () => {
  expect(ready({ generation: 0 })).toMatchObject({ Ready: 'False/Evaluating', Synced: 'False/Evaluating' })
  expect(ready({ generation: 1 })).toMatchObject({ Ready: 'True/Enforced', Synced: 'False/Evaluating' })
  expect(ready({})).toEqual({
    Ready: 'True/Enforced',
    Synced: 'True/Evaluated',
    Degraded: 'False/AsExpected',
  })
})

test('an evaluation under way says how far it is', () => {
  const { conditions } = policyStatus(
    facts,
    state({ generation: 1, progress: { generation: 2, after: null, evaluated: 120, total: 2000 } }),
  )
  expect(conditions?.find(({ type }) => type === 'Synced')?.message).toBe(
    '120 of 2000 users have been evaluated.',
  )
})

test('users per value stand in the status, most users first, and no more than it can hold', () => {
  const { values, users } = policyStatus(facts, state({ counts: { b: 1, a: 1, c: 5 }, users: 6 }))
  expect([values, users]).toEqual([
    [
      { value: 'c', users: 5 },
      { value: 'a', users: 1 },
      { value: 'b', users: 1 },
    ],
    6,
  ])
  const counts = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`v${index}`, index]))
  const many = policyStatus(facts, state({ counts })).values
  expect([many?.length, many?.[0]]).toEqual([256, { value: 'v399', users: 399 }])
})

test('problems with groups give the reason of the worst and the messages of all, each once', () => {
  const problems = [
    { reason: 'GroupNotFound', rule: 'a', selector: 'x', message: 'Rule "a": there is no group "X" so far' },
    { reason: 'GroupMissing', rule: 'b', selector: 'y', message: 'Group Y was deleted' },
    { reason: 'GroupMissing', rule: 'c', selector: 'y', message: 'Group Y was deleted' },
  ]
  const degraded = policyStatus(facts, state({ problems })).conditions?.find(
    ({ type }) => type === 'Degraded',
  )
  expect(degraded).toMatchObject({
    status: 'True',
    reason: 'GroupMissing',
    message: 'Group Y was deleted; Rule "a": there is no group "X" so far',
  })
})

test('a policy that cannot be enforced says why and keeps what was known of its outcome', () => {
  const before = policyStatus(facts, state({ counts: { a: 1 }, users: 1 }))
  const refused = refusedStatus({ ...facts, before }, 'InvalidSpec', 'spec.rules[0]: wrong')
  expect(said(refused)).toEqual({
    Ready: 'False/InvalidSpec',
    Synced: 'False/InvalidSpec',
    Degraded: 'False/AsExpected',
  })
  expect(refused.users).toBe(1)
})

test.for(['DatabaseUnavailable', 'RequestRefused'] as const)(
  '%s changes nothing of what was true of a policy but Degraded',
  (reason) => {
    const before = policyStatus(facts, state())
    const refused = refusedStatus({ ...facts, before }, reason, 'away')
    expect(said(refused)).toEqual({
      Ready: 'True/Enforced',
      Synced: 'True/Evaluated',
      Degraded: `True/${reason}`,
    })
  },
)
