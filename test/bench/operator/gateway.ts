/** Plays the controller of a gateway: says of every HTTPRoute that it is accepted, as soon as it is there. */

import { z } from 'zod'

import { systemClock } from '#operator/clock.ts'
import { startReflector } from '#operator/reflector.ts'
import { routeKinds } from '#operator/tenant/endpoint.ts'

import type { Cluster } from '#operator/cluster.ts'
import type { KubeObject } from '#operator/kube.ts'

const Route = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), generation: z.int() }),
  spec: z.object({ parentRefs: z.array(z.unknown()) }),
  status: z
    .object({
      parents: z
        .array(z.object({ conditions: z.array(z.object({ observedGeneration: z.int().optional() })) }))
        .default([]),
    })
    .prefault({}),
})

export const playGateway = async (
  kube: Cluster,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<void> => {
  const kind = routeKinds.HTTPRoute
  const answer = (object: KubeObject): void => {
    const { metadata, spec, status } = Route.parse(object)
    const { name, namespace, generation } = metadata
    const isAnswered = status.parents.some(({ conditions }) =>
      conditions.some(({ observedGeneration }) => observedGeneration === generation),
    )
    if (isAnswered) return
    const { apiVersion } = kind
    const accepted = {
      apiVersion,
      kind: kind.kind,
      metadata: { name, namespace },
      status: { parents: spec.parentRefs.map((parentRef) => acceptedBy(parentRef, generation)) },
    }
    kube.applyStatus(accepted, { fieldManager: 'bench-gateway', signal }).catch((error: unknown) => {
      if (!signal.aborted) process.stderr.write(`the gateway could not answer: ${String(error)}\n`)
    })
  }
  const reflector = stack.use(startReflector({ kube, kind, clock: systemClock(), signal }))
  stack.use(reflector.subscribe(({ type, object }) => type === 'DELETED' || answer(object)))
  await reflector.synced
}

const acceptedBy = (parentRef: unknown, observedGeneration: number) => ({
  parentRef,
  controllerName: 'bench.test/gateway',
  conditions: ['Accepted', 'ResolvedRefs'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration,
    lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
  })),
})
