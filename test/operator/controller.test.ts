import { expect, test } from 'vitest'

import { TerminalError, startController } from '#operator/controller.ts'
import { KubeError } from '#operator/kube.ts'
import { keyOf } from '#operator/object-key.ts'
import { startReflector } from '#operator/reflector.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { fakeClock, settled } from '#test/kit/fake-clock.ts'
import { scriptedKube, thing } from '#test/kit/scripted-kube.ts'

import type { Reconcile } from '#operator/controller.ts'

const kind = { apiVersion: 'v1', kind: 'Thing', plural: 'things' }

function aController(reconcile: Reconcile, workers = 2) {
  const script = scriptedKube()
  const clock = fakeClock()
  const metrics = createMetrics({ ofProcess: false })
  const lost = new AbortController()
  const { signal } = lost
  const reflector = startReflector({ kube: script.kube, kind, clock, signal: new AbortController().signal })
  const controller = startController({
    name: 'things',
    sources: [{ reflector, keysOf: (object) => [keyOf(object)] }],
    reconcile,
    workers,
    clock,
    metrics,
    log: createLogger('test', { level: 'silent' }),
    signal,
  })
  const count = async (result: string) => {
    const { values } = await metrics.reconcileTotal.get()
    return values.find(({ labels }) => labels.result === result)?.value
  }
  return {
    script,
    clock,
    metrics,
    controller,
    count,
    lost,
    added: async () => (await metrics.workqueueAdds.get()).values.map(({ value }) => value),
    async [Symbol.asyncDispose]() {
      await controller[Symbol.asyncDispose]()
      await reflector[Symbol.asyncDispose]()
    },
  }
}

test('nothing is reconciled before the first list is in, and then everything', async () => {
  const seen: string[] = []
  await using running = aController(async (key) => {
    seen.push(key)
    return {}
  })
  running.controller.enqueue('acme/early', 'high')
  await settled()
  expect(seen).toEqual([])
  running.script.lists.push({ items: [thing('a', '1'), thing('b', '1')], resourceVersion: '1' })
  await running.clock.advance(5000)
  expect(seen.toSorted()).toEqual(['acme/a', 'acme/b', 'acme/early'])
  expect(await running.count('success')).toBe(3)
})

test('a failing reconcile comes back with backoff until it succeeds', async () => {
  let attempts = 0
  await using running = aController(async () => {
    attempts += 1
    if (attempts < 4) throw new Error('not yet')
    return {}
  })
  running.script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await running.clock.advance(10_000)
  expect(attempts).toBe(4)
  expect([await running.count('error'), await running.count('success')]).toEqual([3, 1])
})

test('an API that asks for patience is left alone for so long', async () => {
  let attempts = 0
  await using running = aController(async () => {
    attempts += 1
    throw new KubeError(429, 'TooManyRequests', 'busy', { retryAfterSeconds: 60 })
  })
  running.script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await running.clock.advance(59_000)
  expect(attempts).toBe(1)
  await running.clock.advance(5_000)
  expect(attempts).toBe(2)
})

test('work in flight is told by how long it takes, and none when it is done', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await using running = aController(async () => {
    await promise
    return {}
  })
  running.script.lists.push({ items: [thing('a', '1'), thing('b', '1')], resourceVersion: '1' })
  await running.clock.advance(5_000)
  await running.clock.advance(10_000)
  const seconds = async () => {
    const text = await running.metrics.registry.metrics()
    return ['unfinished_work_seconds', 'longest_running_processor_seconds'].map(
      (metric) => new RegExp(`^workqueue_${metric}\\{.*\\} (.*)$`, 'm').exec(text)?.[1],
    )
  }
  const [sum, longest] = await seconds()
  expect(Number(sum)).toBe(2 * Number(longest))
  expect(Number(longest)).toBeGreaterThanOrEqual(10)
  resolve()
  await settled()
  expect(await seconds()).toEqual(['0', '0'])
})

test('a terminal error waits for the object to change', async () => {
  let attempts = 0
  await using running = aController(async () => {
    attempts += 1
    throw new TerminalError('the spec is wrong')
  })
  running.script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await running.clock.advance(600_000)
  expect(attempts).toBe(1)
  running.script.send({ type: 'MODIFIED', object: thing('a', '2') })
  await settled()
  expect(attempts).toBe(2)
})

test('a reconcile says when to look again, and is called then', async () => {
  const at: number[] = []
  await using running = aController(async () => {
    at.push(running.clock.now())
    return { requeueAfterMs: 30_000 }
  })
  running.script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await running.clock.advance(65_000)
  expect(at.map((ms) => ms - (at[0] ?? 0))).toEqual([0, 30_000, 60_000])
  expect(await running.count('requeue_after')).toBe(3)
})

test('stopping waits for the reconcile in flight and starts no other', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const started: string[] = []
  let isDone = false
  const running = aController(async (key) => {
    started.push(key)
    await promise
    isDone = true
    return {}
  }, 1)
  running.script.lists.push({ items: [thing('a', '1'), thing('b', '1')], resourceVersion: '1' })
  await running.clock.advance(5000)
  const stopped = running.controller[Symbol.asyncDispose]()
  expect(isDone).toBe(false)
  resolve()
  await stopped
  expect([isDone, started.length]).toEqual([true, 1])
  await running[Symbol.asyncDispose]()
})

/** Reconciles until its signal aborts, and notes that it began and why it ended. */
function endless() {
  const notes: string[] = []
  const reconcile: Reconcile = (key, { signal }) => {
    notes.push(`begin ${key}`)
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        notes.push(`cut ${key}`)
        reject(signal.reason)
      })
    })
  }
  return { notes, reconcile }
}

test('a reconcile in flight has 25 seconds to end once stopping has begun, then it is cut off', async () => {
  const { notes, reconcile } = endless()
  const running = aController(reconcile, 1)
  running.script.lists.push({ items: [thing('a', '1')], resourceVersion: '1' })
  await running.clock.advance(5000)
  const stopped = running.controller[Symbol.asyncDispose]()
  await running.clock.advance(24_999)
  expect(notes).toEqual(['begin acme/a'])
  await running.clock.advance(1)
  await stopped
  expect(notes).toEqual(['begin acme/a', 'cut acme/a'])
  expect(await running.count('error')).toBe(0)
  await running[Symbol.asyncDispose]()
})

test('a reconcile in flight is cut off at once when leadership is lost, and no other begins', async () => {
  const { notes, reconcile } = endless()
  await using running = aController(reconcile, 1)
  running.script.lists.push({ items: [thing('a', '1'), thing('b', '1')], resourceVersion: '1' })
  await running.clock.advance(5000)
  running.lost.abort()
  running.controller.enqueue('acme/c', 'high')
  await running.clock.advance(60_000)
  expect(notes).toEqual(['begin acme/a', 'cut acme/a'])
})

test('a controller that was stopped is told of nothing any more', async () => {
  await using running = aController(async () => ({}))
  running.script.lists.push({ items: [], resourceVersion: '1' })
  await running.clock.advance(5000)
  await running.controller[Symbol.asyncDispose]()
  const adds = await running.added()
  running.script.send({ type: 'ADDED', object: thing('a', '2') })
  await settled()
  expect(await running.added()).toEqual(adds)
})
