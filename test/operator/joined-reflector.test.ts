import { expect, test } from 'vitest'

import { joinReflectors } from '#operator/joined-reflector.ts'
import { startReflector } from '#operator/reflector.ts'
import { fakeClock, settled } from '#test/kit/fake-clock.ts'
import { scriptedKube } from '#test/kit/scripted-kube.ts'

import type { KubeObject } from '#operator/kube.ts'

const kind = { apiVersion: 'v1', kind: 'Thing', plural: 'things' }

function thingIn(namespace: string, name: string, resourceVersion: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { namespace, name, uid: name, resourceVersion } }
}

function joined() {
  const clock = fakeClock()
  const { signal } = new AbortController()
  const scripts = { acme: scriptedKube(), beta: scriptedKube() }
  const start = (namespace: 'acme' | 'beta') =>
    startReflector({ kube: scripts[namespace].kube, kind, namespace, clock, signal })
  const reflector = joinReflectors(
    new Map([
      ['acme', start('acme')],
      ['beta', start('beta')],
    ]),
  )
  return { clock, scripts, reflector, [Symbol.asyncDispose]: () => reflector[Symbol.asyncDispose]() }
}

test('several namespaces are one cache, in sync when each of them is', async () => {
  await using opened = joined()
  const { clock, scripts, reflector } = opened
  scripts.acme.lists.push({ items: [thingIn('acme', 'a', '1')], resourceVersion: '1' })
  await clock.advance(5000)
  expect(reflector.hasSynced).toBe(false)
  scripts.beta.lists.push({ items: [thingIn('beta', 'a', '1')], resourceVersion: '1' })
  await clock.advance(30_000)
  await reflector.synced
  expect(reflector.hasSynced).toBe(true)
  expect(reflector.list()).toHaveLength(2)
  expect(reflector.list('beta')).toEqual([thingIn('beta', 'a', '1')])
  expect(reflector.list('gamma')).toEqual([])
  expect(reflector.get({ namespace: 'acme', name: 'a' })).toEqual(thingIn('acme', 'a', '1'))
  expect(reflector.get({ namespace: 'gamma', name: 'a' })).toBeUndefined()
})

test('a listener hears of every namespace until it leaves', async () => {
  await using opened = joined()
  const { clock, scripts, reflector } = opened
  for (const script of Object.values(scripts)) script.lists.push({ items: [], resourceVersion: '1' })
  await clock.advance(5000)
  const told: string[] = []
  const subscription = reflector.subscribe(({ object }) => void told.push(object.metadata.namespace))
  scripts.acme.send({ type: 'ADDED', object: thingIn('acme', 'a', '2') })
  scripts.beta.send({ type: 'ADDED', object: thingIn('beta', 'b', '2') })
  await settled()
  expect(told).toEqual(['acme', 'beta'])
  subscription[Symbol.dispose]()
  scripts.acme.send({ type: 'ADDED', object: thingIn('acme', 'c', '3') })
  await settled()
  expect(told).toHaveLength(2)
})
