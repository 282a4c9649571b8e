/** The cluster adapter under a quiet operator, in a namespace of its own, with a gateway and an ingress controller beside it. */

import * as z from 'zod'

import { openCluster } from '#operator/cluster.ts'
import { httpRouteKind, ingressKind } from '#operator/tenant/manifests.ts'
import { createLogger } from '#platform/log.ts'

import type { KubeKind, KubeObject } from '#operator/kube.ts'
import type { OpenKube } from '#test/kit/operator.ts'

import { api, newNamespace, testCluster } from './kit.ts'

export interface QuietClusterOptions {
  /** Routes are left to the test. */
  readonly isGatewayAway?: boolean
}

export function onCluster({ isGatewayAway = false }: QuietClusterOptions = {}): OpenKube {
  return async (metrics) => {
    const namespace = await newNamespace('reconcile')
    const kube = await openCluster({
      kubeConfig: testCluster().kubeconfig,
      metrics,
      log: createLogger('test', { level: 'silent' }),
      namespaces: [namespace],
    })
    const answer = async (kind: KubeKind, statusFor: (object: KubeObject) => object | undefined) => {
      const { items } = await kube.list(kind, { namespace })
      for (const object of items) {
        const status = statusFor(object)
        if (status !== undefined) await writeRouteStatus(kind, object, status)
      }
    }
    return {
      kube,
      namespace,
      async answerRoutes() {
        if (isGatewayAway) return
        await answer(httpRouteKind, gatewayStatus)
        await answer(ingressKind, ingressStatus)
      },
      [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose](),
    }
  }
}

/** As the controller of a route does, past the adapter. */
export async function writeRouteStatus(
  { apiVersion, plural }: KubeKind,
  object: KubeObject,
  status: object,
): Promise<void> {
  const { namespace, name } = object.metadata
  const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}/${name}/status`
  const { status: code, body } = await api('PATCH', path, { status }, 'application/merge-patch+json')
  if (code !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`)
}

const Route = z.object({
  metadata: z.object({ generation: z.int() }),
  spec: z.object({ parentRefs: z.array(z.unknown()).default([]) }),
  status: z
    .object({
      parents: z.array(z.object({ conditions: z.array(z.object({ observedGeneration: z.int() })) })),
    })
    .optional(),
})

/** One answer per parent; undefined if they have been given for this generation. */
function gatewayStatus(object: KubeObject): object | undefined {
  const { metadata, spec, status } = Route.parse(object)
  const answers = status?.parents.flatMap(({ conditions }) => conditions) ?? []
  if (answers.some(({ observedGeneration }) => observedGeneration === metadata.generation)) return undefined
  return { parents: spec.parentRefs.map((parentRef) => parentStatus(parentRef, metadata.generation)) }
}

/** What a gateway says of a route: that it takes it, unless told otherwise. */
export function parentStatus(
  parentRef: unknown,
  observedGeneration: number,
  says: { readonly Accepted?: 'False'; readonly ResolvedRefs?: 'False' } = {},
): object {
  const conditions = Object.entries({ Accepted: 'True', ResolvedRefs: 'True', ...says }).map(
    ([type, status]) => ({
      type,
      status,
      reason: status === 'True' ? type : 'NotAllowed',
      message: status === 'True' ? '' : 'The test does not want it.',
      observedGeneration,
      lastTransitionTime: new Date().toISOString(),
    }),
  )
  return { parentRef, controllerName: 'example.com/gateway', conditions }
}

const Addressed = z.object({ loadBalancer: z.object({ ingress: z.array(z.unknown()).min(1) }) })

function ingressStatus({ status }: KubeObject): object | undefined {
  return Addressed.safeParse(status).success
    ? undefined
    : { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
}
