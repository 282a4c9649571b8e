import { expect, test } from 'vitest'

import { openCaches } from '#operator/caches.ts'
import { KubeError } from '#operator/kube.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { fakeClock } from '#test/kit/fake-clock.ts'
import { scriptedKube } from '#test/kit/scripted-kube.ts'

import type { Kube } from '#operator/kube.ts'

function caches(port: Pick<Kube, 'serves'> & Partial<Kube>) {
  const script = scriptedKube()
  const clock = fakeClock()
  const metrics = createMetrics({ ofProcess: false })
  const lines: string[] = []
  const log = createLogger('test', { stream: { write: (line) => void lines.push(line) } })
  const opened = openCaches({ kube: { ...script.kube, ...port }, clock, metrics, log })
  return {
    opened,
    script,
    clock,
    lines,
    restarts: async () => (await metrics.watchRestarts.get()).values,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

const nothing = { items: [], resourceVersion: '1' }

test('caches say which kinds are missing until all lists are in', async () => {
  await using running = caches({ serves: async ({ kind }) => kind === 'Ingress' })
  const { opened, clock, script } = running
  await clock.advance(1000)
  expect(opened.missing).toEqual(['ScimIntegration', 'ScimAssignmentPolicy', 'Secret', 'Ingress'])
  script.lists.push(nothing)
  await clock.advance(60_000)
  await opened.synced
  expect(opened.missing).toEqual([])
})

test('where namespaces are named, each is listed alone', async () => {
  const listed: string[] = []
  await using running = caches({
    serves: async () => false,
    namespaces: ['acme', 'beta'],
    list: async ({ kind }, options) => {
      listed.push(`${kind} ${options?.namespace}`)
      return nothing
    },
  })
  await running.clock.advance(1000)
  expect(listed.toSorted()).toEqual([
    'ScimAssignmentPolicy acme',
    'ScimAssignmentPolicy beta',
    'ScimIntegration acme',
    'ScimIntegration beta',
    'Secret acme',
    'Secret beta',
  ])
})

test('a kind that cannot be followed is counted at each try and told once a minute', async () => {
  const refused = new KubeError(403, 'Forbidden', 'no rights')
  await using running = caches({
    serves: async () => false,
    list: async ({ kind }) => {
      if (kind === 'Secret') throw refused
      return nothing
    },
  })
  await running.clock.advance(119_000)
  const [{ value: tries } = { value: 0 }] = await running.restarts()
  expect(tries).toBeGreaterThan(3)
  expect(running.lines.filter((line) => line.includes('watch starts again'))).toHaveLength(2)
})
