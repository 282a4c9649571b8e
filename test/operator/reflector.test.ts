import { expect, test } from 'vitest'

import { KubeError } from '#operator/kube.ts'
import { startReflector } from '#operator/reflector.ts'
import { fakeClock, settled } from '#test/kit/fake-clock.ts'
import { scriptedKube, thing } from '#test/kit/scripted-kube.ts'

import type { Change } from '#operator/reflector.ts'
import type { FakeClock } from '#test/kit/fake-clock.ts'
import type { ScriptedKube } from '#test/kit/scripted-kube.ts'

const kind = { apiVersion: 'v1', kind: 'Thing', plural: 'things' }

async function aReflector(script: ScriptedKube, clock: FakeClock = fakeClock()) {
  const changes: string[] = []
  const restarts: string[] = []
  let signs = 0
  const reflector = startReflector({
    kube: script.kube,
    kind,
    clock,
    signal: new AbortController().signal,
    random: () => 0,
    onRestart: (reason) => restarts.push(reason),
    onActivity: () => (signs += 1),
  })
  reflector.subscribe(({ type, object, isListed }: Change) => {
    changes.push(
      `${isListed ? 'listed' : 'watched'} ${type} ${object.metadata.name}@${object.metadata.resourceVersion}`,
    )
  })
  await settled()
  return {
    reflector,
    changes,
    restarts,
    signs: () => signs,
    clock,
    [Symbol.asyncDispose]: () => reflector[Symbol.asyncDispose](),
  }
}

test('the cache holds what was listed, and follows the watch', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [thing('a', '1'), thing('b', '2')], resourceVersion: '2' })
  await using running = await aReflector(script)
  const { reflector } = running
  await reflector.synced
  expect(reflector.list().map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
  script.send({ type: 'MODIFIED', object: thing('a', '3') })
  script.send({ type: 'DELETED', object: thing('b', '4') })
  script.send({ type: 'ADDED', object: thing('c', '5') })
  await settled()
  expect(running.changes.slice(2)).toEqual([
    'watched MODIFIED a@3',
    'watched DELETED b@4',
    'watched ADDED c@5',
  ])
  expect(reflector.get({ namespace: 'acme', name: 'b' })).toBeUndefined()
  expect(reflector.list('other')).toEqual([])
})

test('a watch that ends goes on where it was, moved along by bookmarks', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [], resourceVersion: '7' })
  await using running = await aReflector(script)
  script.send({ type: 'BOOKMARK', resourceVersion: '40' })
  script.send('end')
  await settled()
  expect(script.calls).toEqual(['list', 'watch 7', 'watch 40'])
  expect(running.restarts).toEqual([])
})

test('a place that is too old (410) is found again by a list, which tells what was missed', async () => {
  const script = scriptedKube()
  script.lists.push(
    {
      items: [thing('kept', '1'), thing('changed', '1'), thing('gone', '1'), thing('reborn', '1', 'old')],
      resourceVersion: '1',
    },
    {
      items: [thing('kept', '1'), thing('changed', '8'), thing('new', '9'), thing('reborn', '9', 'young')],
      resourceVersion: '9',
    },
  )
  await using running = await aReflector(script)
  const before = running.changes.length
  script.send(new KubeError(410, 'Expired', 'too old'))
  await settled()
  expect(script.calls).toEqual(['list', 'watch 1', 'list', 'watch 9'])
  expect(running.changes.slice(before).toSorted()).toEqual([
    'listed ADDED new@9',
    'listed ADDED reborn@9',
    'listed DELETED gone@1',
    'listed DELETED reborn@1',
    'listed MODIFIED changed@8',
  ])
  expect(running.restarts).toEqual(['Expired'])
})

test('errors are retried for ever, later and later, and the cache stays as it was', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await using running = await aReflector(script)
  for (let time = 0; time < 6; time += 1) script.send(new KubeError(500, 'Unknown', 'broken'))
  await settled()
  expect(script.calls.length).toBe(3)
  await running.clock.advance(800)
  expect(script.calls.length).toBe(4)
  await running.clock.advance(800)
  expect(script.calls.length).toBe(4)
  await running.clock.advance(60_000)
  expect(script.calls.length).toBe(8)
  expect(running.reflector.list()).toHaveLength(1)
})

test('a list that fails at the start is tried again until it answers', async () => {
  const script = scriptedKube()
  const down = new KubeError(503, 'Unavailable', 'down')
  script.lists.push(down, down, { items: [], resourceVersion: '1' })
  await using running = await aReflector(script)
  expect(running.reflector.hasSynced).toBe(false)
  await running.clock.advance(5000)
  expect(running.reflector.hasSynced).toBe(true)
})

test('a watch that ends at once, again and again, does not spin', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [], resourceVersion: '1' })
  await using running = await aReflector(script)
  for (let time = 0; time < 50; time += 1) script.send('end')
  await settled()
  expect(script.calls.length).toBeLessThan(6)
  expect(running.reflector.hasSynced).toBe(true)
})

test('even a watch that seems well is compared with a list every hour', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' }, { items: [], resourceVersion: '2' })
  await using running = await aReflector(script)
  await running.clock.advance(3_600_000)
  await settled()
  expect(running.changes).toEqual(['listed ADDED a@1', 'listed DELETED a@1'])
  expect(running.restarts).toEqual([])
})

test('an event that comes twice or late changes nothing, and the place does not go back', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [thing('a', '1'), thing('b', '9')], resourceVersion: '9' })
  await using running = await aReflector(script)
  script.send({ type: 'MODIFIED', object: thing('a', '10') })
  script.send({ type: 'MODIFIED', object: thing('a', '10') })
  script.send({ type: 'ADDED', object: thing('a', '1') })
  script.send({ type: 'DELETED', object: thing('b', '8') })
  script.send('end')
  await settled()
  expect(running.changes.slice(2)).toEqual(['watched MODIFIED a@10'])
  expect(running.reflector.get({ namespace: 'acme', name: 'b' })).toBeDefined()
  expect(script.calls).toEqual(['list', 'watch 9', 'watch 10'])
})

test('an API that asks for patience gets it, also after a first failure', async () => {
  const script = scriptedKube()
  const busy = new KubeError(429, 'TooManyRequests', 'busy', { retryAfterSeconds: 20 })
  script.lists.push(busy, { items: [], resourceVersion: '1' })
  await using running = await aReflector(script)
  await running.clock.advance(19_999)
  expect(script.calls).toEqual(['list'])
  await running.clock.advance(1)
  expect(running.reflector.hasSynced).toBe(true)
})

test('after a line that nobody understands the watch goes on from the last one that was', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [], resourceVersion: '1' })
  await using running = await aReflector(script)
  script.send({ type: 'ADDED', object: thing('a', '5') })
  script.send(new KubeError(200, 'Unknown', 'no event'))
  await settled()
  expect(script.calls).toEqual(['list', 'watch 1', 'watch 5'])
  expect(running.restarts).toEqual(['Unknown'])
})

test('lists, events and bookmarks are told as signs of life', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await using running = await aReflector(script)
  expect(running.signs()).toBe(1)
  script.send({ type: 'BOOKMARK', resourceVersion: '4' })
  script.send({ type: 'ADDED', object: thing('b', '5') })
  await settled()
  expect(running.signs()).toBe(3)
})

test('a disposed reflector is silent and leaves no timer', async () => {
  const script = scriptedKube()
  script.lists.push({ items: [], resourceVersion: '1' })
  const running = await aReflector(script)
  await running.reflector[Symbol.asyncDispose]()
  script.send({ type: 'ADDED', object: thing('late', '2') })
  await settled()
  expect(running.changes).toEqual([])
  expect(running.clock.timers).toBe(0)
})
