/** The integrations of the bench and who waits for them: seen through a watch of its own, not by asking again and again. */

import { z } from 'zod'

import { Condition } from '#operator/api/common.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { systemClock } from '#operator/clock.ts'
import { startReflector } from '#operator/reflector.ts'

import type { Cluster } from '#operator/cluster.ts'
import type { Change } from '#operator/reflector.ts'

import { benchNamespace, manifest } from './ways.ts'

import type { Way } from './ways.ts'

export interface Population {
  readonly size: number
  /** Names of those that came by this way. */
  names(way: Way): readonly string[]
  /** Makes so many more and waits until all of them are Ready. Milliseconds from the first write to the last Ready. */
  add(count: number, way: Way): Promise<number>
  /** Resolves with `performance.now()` of when the integration was seen Ready at this generation or a later one. */
  ready(name: string, generation: number): Promise<number>
}

const Seen = z.object({
  metadata: z.object({ name: z.string(), generation: z.int() }),
  status: z
    .object({ observedGeneration: z.int().default(0), conditions: z.array(Condition).default([]) })
    .prefault({}),
})

/** Writes in flight. */
const writers = 16
/** So long without any integration becoming Ready means that none will. */
const patienceMs = 300_000

export const openPopulation = async (
  kube: Cluster,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Population> => {
  const reflector = stack.use(
    startReflector({ kube, kind: scimIntegration, namespace: benchNamespace, clock: systemClock(), signal }),
  )
  /** Name -> the generation that it is Ready at, and when that was seen. */
  const readiness = new Map<string, { readonly generation: number; readonly atMs: number }>()
  const waiting = new Map<string, { readonly generation: number; readonly tell: (atMs: number) => void }>()
  let newsMs = performance.now()
  stack.use(
    reflector.subscribe(({ object }: Change) => {
      const { metadata, status } = Seen.parse(object)
      const isReady = status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
      if (!isReady || status.observedGeneration < metadata.generation) return
      newsMs = performance.now()
      readiness.set(metadata.name, { generation: metadata.generation, atMs: newsMs })
      const waiter = waiting.get(metadata.name)
      if (waiter === undefined || waiter.generation > metadata.generation) return
      waiting.delete(metadata.name)
      waiter.tell(newsMs)
    }),
  )
  await reflector.synced
  const ready = (name: string, generation: number): Promise<number> => {
    const known = readiness.get(name)
    if (known !== undefined && known.generation >= generation) return Promise.resolve(known.atMs)
    return new Promise((tell) => waiting.set(name, { generation, tell }))
  }
  const patient = async <T>(work: Promise<T>): Promise<T> => {
    newsMs = performance.now()
    const { promise: gaveUp, reject } = Promise.withResolvers<never>()
    const timer = setInterval(() => {
      if (performance.now() - newsMs > patienceMs)
        reject(new Error(`${waiting.size} integrations do not become Ready, first ${[...waiting.keys()][0]}`))
    }, 1000)
    try {
      return await Promise.race([work, gaveUp])
    } finally {
      clearInterval(timer)
    }
  }
  const made: Record<Way, string[]> = { Shared: [], HTTPRoute: [] }
  return {
    get size() {
      return made.Shared.length + made.HTTPRoute.length
    },
    names: (way) => made[way],
    ready: (name, generation) => patient(ready(name, generation)),
    async add(count, way) {
      const first = made[way].length
      const names = Array.from({ length: count }, (_, index) => `${way.toLowerCase()}-${first + index}`)
      const rest = names.values()
      const write = async (): Promise<void> => {
        for (const name of rest) await kube.create(manifest(name, way))
      }
      const startedMs = performance.now()
      await Promise.all(Array.from({ length: writers }, write))
      const readyMs = await patient(Promise.all(names.map((name) => ready(name, 1))))
      made[way].push(...names)
      return Math.max(startedMs, ...readyMs) - startedMs
    },
  }
}
