/** Whether a route works, from the status that its controllers wrote. Pure. */
import * as z from 'zod'

import type { KubeObject } from '#operator/kube.ts'

export interface RouteHealth {
  readonly isReady: boolean
  readonly reason: 'Programmed' | 'RoutePending' | 'RouteRejected'
  readonly message: string
}

/** Gateway API v1, ParentReference, with the defaults of its schema. */
const ParentRef = z.object({
  group: z.string().default('gateway.networking.k8s.io'),
  kind: z.string().default('Gateway'),
  namespace: z.string().optional(),
  name: z.string(),
  sectionName: z.string().optional(),
  port: z.int().optional(),
})

const Parent = z.object({
  parentRef: ParentRef,
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.string(),
        message: z.string().default(''),
        observedGeneration: z.int().optional(),
      }),
    )
    .default([]),
})

const HttpRouteObject = z.object({
  metadata: z.object({ namespace: z.string(), generation: z.int().optional() }),
  spec: z.object({ parentRefs: z.array(ParentRef) }),
  status: z.object({ parents: z.array(Parent).default([]) }).prefault({}),
})

type HttpRouteObject = z.output<typeof HttpRouteObject>

/** Both, of every parent (Gateway API v1, RouteConditionType). */
const needed = ['Accepted', 'ResolvedRefs']

/** What parents say of an older generation of the route is no answer to this one. */
export function httpRouteHealth(live: KubeObject): RouteHealth {
  const parsed = HttpRouteObject.safeParse(live)
  if (!parsed.success) return pending('No gateway has answered for the HTTPRoute yet.')
  const answers = parsed.data.spec.parentRefs.map((ref) => answersOf(ref, parsed.data))
  const refusal = answers.flat().find(({ type, status }) => needed.includes(type) && status === 'False')
  if (refusal !== undefined) {
    const message = `The gateway says ${refusal.type}=False: ${refusal.message}`
    return { isReady: false, reason: 'RouteRejected', message }
  }
  const isReady =
    answers.length > 0 &&
    answers.every((given) =>
      needed.every((type) =>
        given.some((condition) => condition.type === type && condition.status === 'True'),
      ),
    )
  return isReady
    ? programmed('Every gateway of the HTTPRoute has accepted it.')
    : pending('Not every gateway has answered for the HTTPRoute yet.')
}

function answersOf(
  wanted: z.output<typeof ParentRef>,
  { metadata, status }: HttpRouteObject,
): z.output<typeof Parent>['conditions'] {
  const { namespace, generation = 0 } = metadata
  const name = (ref: z.output<typeof ParentRef>) =>
    JSON.stringify([ref.group, ref.kind, ref.namespace ?? namespace, ref.name, ref.sectionName, ref.port])
  return status.parents
    .filter(({ parentRef }) => name(parentRef) === name(wanted))
    .flatMap(({ conditions }) => conditions)
    .filter(({ observedGeneration = generation }) => observedGeneration >= generation)
}

const IngressObject = z.object({
  status: z.object({ loadBalancer: z.object({ ingress: z.array(z.unknown()).min(1) }) }),
})

export function ingressHealth(live: KubeObject): RouteHealth {
  return IngressObject.safeParse(live).success
    ? programmed('The ingress controller has given the Ingress an address.')
    : pending('No ingress controller has given the Ingress an address yet.')
}

function programmed(message: string): RouteHealth {
  return { isReady: true, reason: 'Programmed', message }
}

function pending(message: string): RouteHealth {
  return { isReady: false, reason: 'RoutePending', message }
}
