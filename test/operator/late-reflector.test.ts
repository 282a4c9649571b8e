import { expect, test } from 'vitest'

import { startLateReflector } from '#operator/late-reflector.ts'
import { startReflector } from '#operator/reflector.ts'
import { fakeClock, settled } from '#test/kit/fake-clock.ts'
import { scriptedKube, thing } from '#test/kit/scripted-kube.ts'

const kind = { apiVersion: 'v1', kind: 'Thing', plural: 'things' }

function late(answers: { isServed: boolean | Error }) {
  const script = scriptedKube()
  const clock = fakeClock()
  const { signal } = new AbortController()
  const reflector = startLateReflector({
    isServed: async () => {
      if (answers.isServed instanceof Error) throw answers.isServed
      return answers.isServed
    },
    start: () => startReflector({ kube: script.kube, kind, clock, signal }),
    clock,
    signal,
  })
  return { script, clock, reflector, [Symbol.asyncDispose]: () => reflector[Symbol.asyncDispose]() }
}

test('a kind that is not served is in sync and empty, and followed from when it is installed', async () => {
  const answers = { isServed: false }
  await using opened = late(answers)
  const { script, clock, reflector } = opened
  const told: string[] = []
  reflector.subscribe(({ type, object }) => void told.push(`${type} ${object.metadata.name}`))
  await reflector.synced
  expect([reflector.hasSynced, reflector.list()]).toEqual([true, []])
  await clock.advance(60_000)
  expect(script.calls).toEqual([])

  answers.isServed = true
  script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await clock.advance(30_000)
  script.send({ type: 'ADDED', object: thing('b', '2') })
  await settled()
  expect(told).toEqual(['ADDED a', 'ADDED b'])
  expect(reflector.get({ namespace: 'acme', name: 'b' })).toEqual(thing('b', '2'))
})

test('a kind is not in sync as long as nobody can say whether it is served', async () => {
  const answers: { isServed: boolean | Error } = { isServed: new Error('away') }
  await using opened = late(answers)
  const { script, clock, reflector } = opened
  await clock.advance(60_000)
  expect(reflector.hasSynced).toBe(false)
  answers.isServed = true
  await clock.advance(2000)
  expect(reflector.hasSynced).toBe(false)
  script.lists.push({ items: [], resourceVersion: '1' })
  await clock.advance(30_000)
  expect(reflector.hasSynced).toBe(true)
})

test('who listens no more is told nothing, also of what was installed later', async () => {
  const answers = { isServed: false }
  await using opened = late(answers)
  const { script, clock, reflector } = opened
  const told: string[] = []
  const subscription = reflector.subscribe(({ object }) => void told.push(object.metadata.name))
  await clock.advance(1000)
  subscription[Symbol.dispose]()
  answers.isServed = true
  script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await clock.advance(30_000)
  expect(reflector.list()).toHaveLength(1)
  expect(told).toEqual([])
})

test('a late reflector that is closed while it waits leaves no timer behind', async () => {
  const { clock, reflector } = late({ isServed: false })
  await clock.advance(1000)
  await reflector[Symbol.asyncDispose]()
  expect(clock.timers).toBe(0)
})
