import { expect, test } from 'vitest'

import { setConditions, wholeSeconds } from '#operator/conditions.ts'

const fact = { type: 'Ready', status: 'True', reason: 'Available', message: '' } as const
const earlier = new Date('2026-11-22T10:00:00.123Z')
const later = new Date('2026-11-22T11:00:00Z')

test('the transition time of a condition moves only when its status does', () => {
  const first = setConditions([], [fact], { generation: 1, now: earlier })
  const other = setConditions(first, [{ ...fact, reason: 'Other', message: 'm' }], {
    generation: 2,
    now: later,
  })
  const turned = setConditions(other, [{ ...fact, status: 'False' }], { generation: 3, now: later })
  expect(first[0]?.lastTransitionTime).toBe('2026-11-22T10:00:00Z')
  expect(other[0]).toMatchObject({
    lastTransitionTime: '2026-11-22T10:00:00Z',
    reason: 'Other',
    observedGeneration: 2,
  })
  expect(turned[0]).toMatchObject({ lastTransitionTime: '2026-11-22T11:00:00Z', observedGeneration: 3 })
})

test('conditions that nobody states any more are gone', () => {
  const first = setConditions([], [fact, { ...fact, type: 'Old' }], { generation: 1, now: earlier })
  expect(setConditions(first, [fact], { generation: 1, now: later }).map(({ type }) => type)).toEqual([
    'Ready',
  ])
})

test('a message that nobody would read to its end is cut', () => {
  const [condition] = setConditions([], [{ ...fact, message: 'x'.repeat(5000) }], {
    generation: 1,
    now: earlier,
  })
  expect(condition?.message).toHaveLength(2048)
})

test('times in a status are whole seconds, as the API server stores them', () => {
  expect(wholeSeconds(earlier)).toBe('2026-11-22T10:00:00Z')
})
