import { expect, test } from 'vitest'

import { setConditions } from '#operator/conditions.ts'
import { eventsOf, isSaid } from '#operator/status-writer.ts'
import { thing } from '#test/kit/scripted-kube.ts'

import type { ConditionFact } from '#operator/conditions.ts'

const object = thing('okta', '1')
const at = { generation: 1, now: new Date('2026-11-22T10:00:00Z') }
const ready: ConditionFact = { type: 'Ready', status: 'True', reason: 'Available', message: '' }
const synced: ConditionFact = { ...ready, type: 'Synced' }
const statusOf = (...facts: readonly ConditionFact[]) => ({ conditions: setConditions([], facts, at) })

test('a status that says nothing new is not written, in whatever order the API keeps it', () => {
  const before = { tokens: [{ id: 'a' }, { id: 'b' }], ...statusOf(ready, synced) }
  const after = { ...statusOf(synced, ready), tokens: [{ id: 'b' }, { id: 'a' }] }
  expect(isSaid({ object, before, after })).toBe(true)
})

test('conditions that others write are no reason to write', () => {
  const other = { ...ready, type: 'ManifestAccepted' }
  expect(isSaid({ object, before: statusOf(ready, other), after: statusOf(ready) })).toBe(true)
})

test('anything new, changed or gone is written', () => {
  const before = { tenantID: 'a', ...statusOf(ready) }
  const other = { ...before, tenantID: 'b' }
  expect(isSaid({ object, before, after: other })).toBe(false)
  expect(isSaid({ object, before, after: statusOf(ready) })).toBe(false)
  const reworded = { tenantID: 'a', ...statusOf({ ...ready, message: 'm' }) }
  expect(isSaid({ object, before, after: reworded })).toBe(false)
})

const told = (before: readonly ConditionFact[], after: readonly ConditionFact[]) =>
  eventsOf({ object, before: statusOf(...before), after: statusOf(...after) }).map(
    ({ type, reason }) => `${type} ${reason}`,
  )

test('people are told of a change of Ready, of trouble and of its end, once each', () => {
  const degraded: ConditionFact = {
    type: 'Degraded',
    status: 'True',
    reason: 'DatabaseUnavailable',
    message: '',
  }
  const fine: ConditionFact = { type: 'Degraded', status: 'False', reason: 'AsExpected', message: '' }
  expect(told([], [ready, fine])).toEqual([])
  expect(told([], [{ ...ready, status: 'False', reason: 'TenantFailed' }])).toEqual(['Warning TenantFailed'])
  expect(told([fine], [degraded])).toEqual(['Warning DatabaseUnavailable'])
  expect(told([degraded], [{ ...degraded, message: 'still' }])).toEqual([])
  expect(told([degraded], [fine])).toEqual(['Normal AsExpected'])
})

test('what goes by itself or was asked for is told without a warning, and once though two conditions say it', () => {
  const pending: ConditionFact = { ...ready, status: 'False', reason: 'EndpointNotReady' }
  const provisioning: ConditionFact = { ...ready, type: 'Progressing', reason: 'Provisioning' }
  expect(told([], [pending, provisioning])).toEqual(['Normal EndpointNotReady'])
  expect(told([], [pending, { ...provisioning, status: 'False', reason: 'Idle' }])).toEqual([
    'Warning EndpointNotReady',
  ])
  expect(told([ready], [{ ...ready, status: 'False', reason: 'Disabled' }])).toEqual(['Normal Disabled'])
  const evaluating: ConditionFact = { ...ready, status: 'False', reason: 'Evaluating' }
  expect(told([], [evaluating, { ...evaluating, type: 'Synced' }])).toEqual(['Normal Evaluating'])
})

test('that nothing is wrong is no news of a condition that nobody had looked at', () => {
  const fine: ConditionFact = { type: 'Degraded', status: 'False', reason: 'AsExpected', message: '' }
  expect(told([{ ...fine, status: 'Unknown', reason: 'Pending' }], [fine])).toEqual([])
  expect(told([{ ...ready, status: 'Unknown', reason: 'Paused' }], [ready])).toEqual(['Normal Available'])
})

test('people are told what would be done, each time that it becomes something else', () => {
  const plan: ConditionFact = { ...ready, type: 'Progressing', status: 'False', reason: 'ObserveOnly' }
  const create = { ...plan, message: 'Full would: write tenant a.' }
  expect(told([], [create])).toEqual(['Normal ObserveOnly'])
  expect(told([create], [create])).toEqual([])
  expect(told([create], [{ ...plan, message: 'Full would: write tenant b.' }])).toEqual([
    'Normal ObserveOnly',
  ])
})

const expiring = (reason: string): ConditionFact => ({
  type: 'TokenExpiring',
  status: 'True',
  reason,
  message: '',
})

test('the end of a token is told at each threshold', () => {
  expect(told([expiring('ExpiresWithin30Days')], [expiring('ExpiresWithin7Days')])).toEqual([
    'Warning ExpiresWithin7Days',
  ])
})
