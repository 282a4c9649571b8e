import { expect, test } from 'vitest'

import { eventBody } from '#operator/cluster/event-body.ts'

const regarding = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { namespace: 'acme', name: 'a', uid: 'u1', resourceVersion: '4' },
}
const event = { regarding, type: 'Normal', reason: 'Made', action: 'Make', note: 'It is there.' } as const
const firstMs = Date.parse('2026-11-22T10:00:00.5Z')

const sent = (note: string, count = 1) =>
  JSON.parse(
    JSON.stringify(eventBody({ event: { ...event, note }, firstMs, lastMs: firstMs + 1000, count }, 'pod-1')),
  )

test('an event says what it regards, who says it and when, with six digits after the second', () => {
  const { metadata, ...fields } = sent('It is there.')
  expect(metadata).toEqual({ namespace: 'acme', name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) })
  expect(fields).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: '2026-11-22T10:00:00.500000Z',
    reportingController: 'scim-operator.io/operator',
    reportingInstance: 'pod-1',
    type: 'Normal',
    reason: 'Made',
    action: 'Make',
    note: 'It is there.',
    regarding: {
      apiVersion: 'v1',
      kind: 'Thing',
      namespace: 'acme',
      name: 'a',
      uid: 'u1',
      resourceVersion: '4',
    },
  })
})

test('an event that came several times says how often and when last', () => {
  expect(sent('It is there.', 3).series).toEqual({
    count: 3,
    lastObservedTime: '2026-11-22T10:00:01.500000Z',
  })
})

test.each(['x', 'é', '日', '𝄞'])(
  'a note of 2,000 times %s is cut to 1,024 bytes between two characters',
  (text) => {
    const { note } = sent(text.repeat(2000))
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024)
    expect(Buffer.byteLength(note)).toBeGreaterThan(1015)
    expect(note).toMatch(new RegExp(`^(${text})+…$`, 'u'))
  },
)

test('the name of an event has room for the name of any object', () => {
  const longest = {
    ...regarding,
    metadata: { ...regarding.metadata, name: `${'a'.repeat(229)}.${'b'.repeat(23)}` },
  }
  const { name } = eventBody(
    { event: { ...event, regarding: longest }, firstMs, lastMs: firstMs, count: 1 },
    'pod',
  ).metadata
  expect(name).toMatch(/^a{229}\.[0-9a-f]{16}$/)
})
