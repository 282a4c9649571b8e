/**
 * What a gateway and an ingress controller answer to a route. Here the SCIM server itself is the gateway, on this very
 * machine, so a route is accepted as soon as it stands.
 */
import { isObject, listAt, objectAt, sameJson } from './json.ts'

import type { JsonObject } from './json.ts'
import type { KubeObject } from '#operator/kube.ts'

const controllerName = 'scim-operator.io/standalone'

/** The object with the status its controller would write; other kinds are returned as they are. */
export const withControllerStatus = (object: KubeObject, now: Date): KubeObject => {
  switch (object.kind) {
    case 'HTTPRoute':
      return { ...object, status: routeStatus(object, now) }
    case 'Ingress':
      return { ...object, status: { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } } }
    default:
      return object
  }
}

/** Gateway API: Accepted and ResolvedRefs for each parent (HTTPRouteStatus). */
const routeStatus = (route: KubeObject, now: Date): JsonObject => ({
  parents: listAt(route, 'spec', 'parentRefs').map((parentRef) => ({
    parentRef,
    controllerName,
    conditions: [
      condition(route, parentRef, now, { type: 'Accepted', reason: 'Accepted' }),
      condition(route, parentRef, now, { type: 'ResolvedRefs', reason: 'ResolvedRefs' }),
    ],
  })),
})

const condition = (
  route: KubeObject,
  parentRef: unknown,
  now: Date,
  { type, reason }: { readonly type: string; readonly reason: string },
): JsonObject => {
  const parent = listAt(route, 'status', 'parents').find((found) =>
    sameJson(objectAt(found, 'parentRef'), parentRef),
  )
  const before = listAt(parent, 'conditions').find((found) => isObject(found) && found['type'] === type)
  return {
    type,
    status: 'True',
    reason,
    message: 'served by this process',
    observedGeneration: route.metadata.generation ?? 1,
    lastTransitionTime: objectAt({ before }, 'before')['lastTransitionTime'] ?? now.toISOString(),
  }
}
