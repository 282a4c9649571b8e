/** The route of a tenant: the object there should be, and whether the one there is works. Pure. */
import { isDeepStrictEqual } from 'node:util'

import * as z from 'zod'

import { defaultBackend, defaultParentRefs } from '#operator/settings.ts'

import { contains, httpRoute, httpRouteKind, ingress, ingressKind, isOwnedBy } from './manifests.ts'
import { httpRouteHealth, ingressHealth } from './route-health.ts'

import type { ScimIntegrationSpec } from '#operator/api/scim-integration.ts'
import type { KubeKind, KubeObject } from '#operator/kube.ts'
import type { OperatorSettings } from '#operator/settings.ts'

import type { Address } from './address.ts'
import type { Route } from './manifests.ts'
import type { Owner } from './names.ts'
import type { Fact } from './summary.ts'

export type EndpointType = OperatorSettings['defaultEndpointType']

/** One kind of route as the API has it. */
export interface ObservedRoute {
  readonly kind: KubeKind
  readonly isServed: boolean
  readonly object: KubeObject | undefined
}

export interface EndpointPlan {
  readonly apply:
    | { readonly kind: KubeKind; readonly object: KubeObject; readonly isDrift: boolean }
    | undefined
  readonly remove: readonly { readonly kind: KubeKind; readonly object: KubeObject }[]
  readonly condition: Fact
  readonly route:
    | { readonly kind: 'HTTPRoute' | 'Ingress'; readonly name: string; readonly hostname?: string }
    | undefined
  /** An object of the route's name that is not ours. */
  readonly foreign: KubeObject | undefined
}

export interface EndpointFacts {
  readonly owner: Owner
  readonly endpoint: ScimIntegrationSpec['endpoint']
  readonly address: Address
  readonly settings: OperatorSettings
  readonly routes: readonly ObservedRoute[]
}

export const routeKinds = { HTTPRoute: httpRouteKind, Ingress: ingressKind } as const

export function endpointTypeOf(
  endpoint: ScimIntegrationSpec['endpoint'],
  settings: OperatorSettings,
): EndpointType {
  return endpoint.type ?? settings.defaultEndpointType
}

/** What to apply and remove, and what is true of the endpoint until then. */
export function planEndpoint(facts: EndpointFacts): EndpointPlan {
  const type = endpointTypeOf(facts.endpoint, facts.settings)
  const wanted =
    type === 'HTTPRoute' || type === 'Ingress' ? wantedRoute(type, facts) : withoutRoute(type, facts)
  const wantedKind = 'object' in wanted ? wanted.kind : undefined
  const remove = facts.routes.flatMap(({ kind, object }) =>
    object !== undefined && kind !== wantedKind && isOwnedBy(object, facts.owner.uid)
      ? [{ kind, object }]
      : [],
  )
  if (!('object' in wanted)) {
    return { apply: undefined, remove, condition: wanted, route: undefined, foreign: undefined }
  }
  const live = facts.routes.find(({ kind }) => kind === wanted.kind)?.object
  const { hostname } = facts.address
  const route = {
    kind: wanted.type,
    name: wanted.object.metadata.name,
    ...(hostname === undefined ? {} : { hostname }),
  }
  if (live !== undefined && !isOwnedBy(live, facts.owner.uid)) {
    const message = `${live.kind} ${live.metadata.name} exists and is not of this integration.`
    return {
      apply: undefined,
      remove,
      condition: no('FieldConflict', message),
      route: undefined,
      foreign: live,
    }
  }
  const isSame = live !== undefined && isAsWanted(live, wanted.object)
  return {
    apply: isSame
      ? undefined
      : {
          kind: wanted.kind,
          object: wanted.object,
          isDrift: live !== undefined && isEditedByHand(live, wanted.object),
        },
    remove,
    condition:
      live === undefined ? no('RoutePending', 'The route has just been made.') : healthOf(wanted.type, live),
    route,
    foreign: undefined,
  }
}

/** Of the spec every field that is ours to the letter: a filter that somebody adds leads elsewhere, too. */
function isAsWanted(live: KubeObject, { metadata, spec }: Route): boolean {
  const fields = z.record(z.string(), z.unknown()).catch({}).parse(live['spec'])
  return (
    contains(live.metadata, metadata) &&
    Object.entries(spec).every(([name, value]) => isDeepStrictEqual(fields[name], value))
  )
}

/** The annotations of ours are as we would write them, so it was not the spec that changed. */
function isEditedByHand(live: KubeObject, wanted: KubeObject): boolean {
  return contains(live.metadata.annotations, wanted.metadata.annotations)
}

interface WantedRoute {
  readonly type: 'HTTPRoute' | 'Ingress'
  readonly kind: KubeKind
  readonly object: Route
}

function wantedRoute(type: 'HTTPRoute' | 'Ingress', facts: EndpointFacts): WantedRoute | Fact {
  const { owner, endpoint, address, settings, routes } = facts
  const { backend = defaultBackend } = settings
  const kind = routeKinds[type]
  if (!(routes.find((route) => route.kind === kind)?.isServed ?? false)) {
    return type === 'HTTPRoute'
      ? no('GatewayAPINotInstalled', 'This cluster serves no HTTPRoute (gateway.networking.k8s.io/v1).')
      : no('IngressNotServed', 'This cluster serves no Ingress (networking.k8s.io/v1).')
  }
  if (address.baseURL === undefined) return noAddress()
  const route = { hostname: address.hostname, path: address.routePath, backend }
  if (type === 'HTTPRoute') {
    const parentRefs = endpoint.httpRoute?.parentRefs ?? settings.parentRefs ?? defaultParentRefs
    if (parentRefs.length === 0) {
      return no('ParentMissing', 'Neither endpoint.httpRoute.parentRefs nor the operator names a Gateway.')
    }
    return { type, kind, object: httpRoute(owner, { ...route, parentRefs }) }
  }
  const { namespace } = backend
  if (namespace !== undefined && namespace !== owner.namespace) {
    return no(
      'BackendOutOfReach',
      `An Ingress cannot reach the server in namespace ${namespace}; use another type.`,
    )
  }
  return { type, kind, object: ingress(owner, { ...route, ...endpoint.ingress }) }
}

function withoutRoute(type: 'Shared' | 'None', { address }: EndpointFacts): Fact {
  if (type === 'None') return yes('NotRequested', 'No route is made for type None.')
  if (address.baseURL === undefined) return noAddress()
  return yes('SharedRoute', 'The shared route of the operator leads here.')
}

function noAddress(): Fact {
  return no('HostnameMissing', 'Set endpoint.hostname: the operator has no base domain to make one of.')
}

/** From the status that the controller of the route wrote. */
function healthOf(type: 'HTTPRoute' | 'Ingress', live: KubeObject): Fact {
  const { isReady, reason, message } = type === 'HTTPRoute' ? httpRouteHealth(live) : ingressHealth(live)
  return isReady ? yes(reason, message) : no(reason, message)
}

function yes(reason: string, message: string): Fact {
  return { type: 'EndpointReady', status: 'True', reason, message }
}

function no(reason: string, message: string): Fact {
  return { type: 'EndpointReady', status: 'False', reason, message }
}
