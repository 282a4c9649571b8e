import { expect, test, vi } from 'vitest'

import { openEventRecorder } from '#operator/cluster/events.ts'
import { textAt } from '#operator/object-key.ts'
import { createLogger } from '#platform/log.ts'
import { fakeClock } from '#test/kit/fake-clock.ts'
import { hangUp, json, refused, scriptedApi, silence } from '#test/kit/scripted-api.ts'

import type { EventNote } from '#operator/kube.ts'
import type { Answer, ApiCall } from '#test/kit/scripted-api.ts'

const note = (text: string, reason = 'Made', name = 'a'): EventNote => ({
  regarding: { apiVersion: 'v1', kind: 'Thing', metadata: { namespace: 'acme', name, uid: `uid-${name}` } },
  type: 'Normal',
  reason,
  action: 'Make',
  note: text,
})

const stored = json(201, {})

async function aRecorder(...answers: [Answer, ...Answer[]]) {
  const api = await scriptedApi(answers)
  const clock = fakeClock()
  const log = createLogger('test', { level: 'silent' })
  const recorder = openEventRecorder({ transport: api.transport, clock, log, instance: 'pod-1' })
  return {
    api,
    clock,
    recorder,
    /** Lets everything that was recorded be written. */
    async written(calls: number): Promise<readonly ApiCall[]> {
      await clock.advance(250)
      await vi.waitFor(() => expect(api.calls.length).toBeGreaterThanOrEqual(calls), { timeout: 30_000 })
      return api.calls
    },
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

test('different events are objects of their own in the namespace of what they regard', async () => {
  await using running = await aRecorder(stored)
  running.recorder.record(note('one'))
  running.recorder.record(note('two'))
  running.recorder.record(note('one', 'Made', 'b'))
  const calls = await running.written(3)
  expect(calls).toMatchObject([
    { method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/acme/events', body: { note: 'one' } },
    { method: 'POST', body: { note: 'two' } },
    { method: 'POST', body: { note: 'one', regarding: { name: 'b' } } },
  ])
})

test('the same event again is counted in its series and is no second object', async () => {
  await using running = await aRecorder(stored)
  running.recorder.record(note('one'))
  const [first] = await running.written(1)
  await running.clock.advance(60_000)
  running.recorder.record(note('one'))
  running.recorder.record(note('one'))
  const [, second] = await running.written(2)
  const name = textAt(first?.body, 'metadata', 'name')
  expect(second).toMatchObject({
    method: 'PATCH',
    path: `/apis/events.k8s.io/v1/namespaces/acme/events/${name}`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { series: { count: 3, lastObservedTime: '2026-11-22T10:01:00.250000Z' } },
  })
})

test('after six minutes of silence the same event is a new one', async () => {
  await using running = await aRecorder(stored)
  running.recorder.record(note('one'))
  await running.written(1)
  await running.clock.advance(361_000)
  running.recorder.record(note('one'))
  const calls = await running.written(2)
  expect(calls.map(({ method }) => method)).toEqual(['POST', 'POST'])
})

test('a series that the cluster has dropped goes on in a new object', async () => {
  await using running = await aRecorder(stored, refused(404, 'NotFound'), stored)
  running.recorder.record(note('one'))
  await running.written(1)
  running.recorder.record(note('one'))
  const calls = await running.written(3)
  expect(calls).toMatchObject([
    { method: 'POST' },
    { method: 'PATCH' },
    { method: 'POST', body: { series: { count: 2 } } },
  ])
})

test('an object gets 25 events of one reason at once, then one in five minutes; others are not in its way', async () => {
  await using running = await aRecorder(stored)
  for (let time = 0; time < 40; time += 1) running.recorder.record(note(`note ${time}`))
  running.recorder.record(note('another reason', 'Failed'))
  expect((await running.written(26)).at(-1)).toMatchObject({ body: { note: 'another reason' } })
  running.recorder.record(note('too many'))
  await running.clock.advance(300_000)
  running.recorder.record(note('in time'))
  const calls = await running.written(27)
  expect(calls.map(({ body }) => textAt(body, 'note')).slice(26)).toEqual(['in time'])
})

test('what was counted and not told for its rate is told at the end', async () => {
  const running = await aRecorder(stored)
  for (let time = 0; time < 30; time += 1) {
    running.recorder.record(note('one'))
    await running.written(Math.min(time + 1, 25))
  }
  await running.recorder[Symbol.asyncDispose]()
  expect(running.api.calls).toHaveLength(26)
  expect(running.api.calls.at(-1)).toMatchObject({ method: 'PATCH', body: { series: { count: 30 } } })
  await running.api[Symbol.asyncDispose]()
})

test('events that wait are written when the recorder is disposed', async () => {
  const running = await aRecorder(stored)
  running.recorder.record(note('last words'))
  await running.recorder[Symbol.asyncDispose]()
  expect(running.api.calls).toMatchObject([{ method: 'POST', body: { note: 'last words' } }])
  expect(running.clock.timers).toBe(0)
  await running.api[Symbol.asyncDispose]()
})

test('an API server that says nothing does not keep the recorder from ending', async () => {
  const running = await aRecorder(silence)
  running.recorder.record(note('unheard'))
  await running.written(1)
  running.recorder.record(note('unheard too'))
  await running.recorder[Symbol.asyncDispose]()
  expect(running.api.calls).toHaveLength(1)
  await running.api[Symbol.asyncDispose]()
})

test('an event that is refused or not answered is lost, and the next one is written', async () => {
  await using running = await aRecorder(refused(422, 'Invalid'), hangUp, stored)
  running.recorder.record(note('invalid'))
  await running.written(1)
  running.recorder.record(note('unanswered'))
  await running.written(2)
  running.recorder.record(note('written'))
  expect((await running.written(3)).at(-1)).toMatchObject({ body: { note: 'written' } })
})
