import { expect, test } from 'vitest'

import { assignmentsSynced, completeFacts, conditionTypes } from '#operator/tenant/summary.ts'
import { parsedIntegration } from '#test/kit/integration.ts'
import { thing } from '#test/kit/scripted-kube.ts'

import type { ConditionType, Fact } from '#operator/tenant/summary.ts'

const fact = (type: ConditionType, status: Fact['status'], reason = 'Because'): Fact => ({
  type,
  status,
  reason,
  message: 'm',
})
const tenant = fact('TenantReady', 'True')
const token = fact('TokenReady', 'True')
const endpoint = fact('EndpointReady', 'True')
const good = [tenant, token, endpoint]
const ready = (facts: readonly Fact[], spec = {}) => {
  const [first] = completeFacts(parsedIntegration({ spec }), facts)
  return `${first?.status}/${first?.reason}`
}

test('every condition is there from the first pass on, unknown as long as nobody looked', () => {
  const facts = completeFacts(parsedIntegration(), [])
  expect(facts.map(({ type }) => type)).toEqual(conditionTypes)
  expect(new Set(facts.map(({ status }) => status))).toEqual(new Set(['Unknown']))
})

test('what nobody looked at stays as it was', () => {
  const conditions = [{ ...fact('TokenReady', 'True', 'Issued'), lastTransitionTime: '2026-11-22T10:00:00Z' }]
  const facts = completeFacts(parsedIntegration({ status: { conditions } }), [])
  expect(facts.find(({ type }) => type === 'TokenReady')).toMatchObject({ status: 'True', reason: 'Issued' })
})

test.for([
  ['everything works', 'True/Available', good],
  ['the tenant was refused', 'False/TenantFailed', [fact('TenantReady', 'False'), token, endpoint]],
  [
    'the token expired',
    'False/TokenExpired',
    [tenant, fact('TokenReady', 'False', 'TokenExpired'), endpoint],
  ],
  ['the token is lost', 'False/TokenNotReady', [tenant, fact('TokenReady', 'False', 'TokenLost'), endpoint]],
  ['the route does not work', 'False/EndpointNotReady', [tenant, token, fact('EndpointReady', 'False')]],
  ['the route was not looked at', 'Unknown/Provisioning', [tenant, token]],
  ['a pause came first', 'Unknown/Paused', [tenant, token, fact('Paused', 'True')]],
  [
    'it works though paused and degraded',
    'True/Available',
    [...good, fact('Paused', 'True'), fact('Degraded', 'True')],
  ],
] as const)('when %s, Ready is %s', ([, expected, facts]) => {
  expect(ready(facts)).toBe(expected)
})

test('a disabled integration is not Ready, and says why', () => {
  expect(ready(good, { state: 'Disabled' })).toBe('False/Disabled')
})

const policy = (name: string, status: string) => ({
  ...thing(name, '1'),
  status: {
    conditions: [
      { ...fact('Ready', 'True'), type: 'Synced', status, lastTransitionTime: '2026-11-22T10:00:00Z' },
    ],
  },
})

test('AssignmentsSynced follows the policies of the integration', () => {
  expect(assignmentsSynced([]).reason).toBe('NoPolicies')
  expect(assignmentsSynced([policy('a', 'True')]).reason).toBe('Synced')
  const late = assignmentsSynced([policy('a', 'True'), policy('c', 'False'), thing('b', '1')])
  expect([late.reason, late.message]).toEqual(['Evaluating', 'Not synced yet: b, c.'])
})
