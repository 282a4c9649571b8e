/** The objects an integration owns beside its deliveries: the Secret of token records and the route. Pure. */
import { createHash } from 'node:crypto'

import { apiVersion } from '#operator/api/common.ts'

import {
  hashSecretName,
  integrationLabel,
  managedLabel,
  rotationsAnnotation,
  routeName,
  specHashAnnotation,
} from './names.ts'
import { printRecord } from './token-records.ts'

import type { TokenRecord } from '#directory/token.ts'
import type { KubeKind, KubeObject, ObjectMeta } from '#operator/kube.ts'

import type { Owner } from './names.ts'
import type { DoneRotation } from './tokens.ts'

export const secretKind: KubeKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }
export const httpRouteKind: KubeKind = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  plural: 'httproutes',
}
export const ingressKind: KubeKind = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
}

const hashSecretType = 'scim-operator.io/token-hash'

/** Name, labels and owner of an object that goes when the integration goes. */
export function childMetadata(owner: Owner, name: string): ObjectMeta & { labels: Record<string, string> } {
  return {
    name,
    namespace: owner.namespace,
    labels: { [managedLabel]: 'true', [integrationLabel]: owner.name },
    ownerReferences: [
      {
        apiVersion,
        kind: 'ScimIntegration',
        name: owner.name,
        uid: owner.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  }
}

/** Whether the object belongs to this incarnation of the integration. */
export function isOwnedBy(object: KubeObject, uid: string): boolean {
  return object.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false
}

/** Rotations that are done, by reader; the identity provider's stands under ''. */
export type Rotations = Readonly<Record<string, DoneRotation>>

/** One entry per token id: its record under MAC, never the token. */
export function hashSecret(owner: Owner, records: readonly TokenRecord[], rotations: Rotations): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...childMetadata(owner, hashSecretName(owner)),
      annotations: { [rotationsAnnotation]: JSON.stringify(rotations) },
    },
    type: hashSecretType,
    data: Object.fromEntries(
      records.map((record) => [record.id, Buffer.from(printRecord(record)).toString('base64')]),
    ),
  }
}

/** The decoded `data` of a Secret; an entry that is no text is left out. */
export function dataOf(secret: KubeObject): Record<string, string> {
  const { data } = secret
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, Buffer.from(value, 'base64').toString()]] : [],
    ),
  )
}

export interface ParentReference {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly sectionName?: string
}

export interface Backend {
  readonly name: string
  readonly namespace?: string
  readonly port: number
}

export interface RouteFacts {
  /** Undefined where tenants are told apart by path. */
  readonly hostname: string | undefined
  /** Everything below it is the tenant's. */
  readonly path: string
  readonly backend: Backend
}

export type Route = KubeObject & { readonly spec: object }

/**
 * Gateway API v1: one route per tenant, since a route takes at most 16 hosts. Says what the API server would fill in, so
 * that all else in the same place was added by somebody.
 */
export function httpRoute(
  owner: Owner,
  route: RouteFacts & { readonly parentRefs: readonly ParentReference[] },
): Route {
  return withSpecHash({
    apiVersion: httpRouteKind.apiVersion,
    kind: httpRouteKind.kind,
    metadata: childMetadata(owner, routeName(owner)),
    spec: {
      parentRefs: route.parentRefs,
      ...(route.hostname === undefined ? {} : { hostnames: [route.hostname] }),
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: route.path } }],
          backendRefs: [{ group: '', kind: 'Service', weight: 1, ...route.backend }],
        },
      ],
    },
  })
}

export interface IngressFacts extends RouteFacts {
  readonly className?: string
  readonly tls?: {
    readonly secretName: string
    readonly issuerRef?: { readonly kind: 'Issuer' | 'ClusterIssuer'; readonly name: string }
  }
}

/** networking.k8s.io/v1. Its backend is always a Service of its own namespace. */
export function ingress(owner: Owner, { hostname, path, backend, className, tls }: IngressFacts): Route {
  const metadata = childMetadata(owner, routeName(owner))
  const host = hostname === undefined ? {} : { host: hostname }
  return withSpecHash({
    apiVersion: ingressKind.apiVersion,
    kind: ingressKind.kind,
    metadata:
      tls?.issuerRef === undefined ? metadata : { ...metadata, annotations: issuerAnnotation(tls.issuerRef) },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(tls === undefined || hostname === undefined
        ? {}
        : { tls: [{ hosts: [hostname], secretName: tls.secretName }] }),
      rules: [
        {
          ...host,
          http: {
            paths: [
              {
                path,
                pathType: 'Prefix',
                backend: { service: { name: backend.name, port: { number: backend.port } } },
              },
            ],
          },
        },
      ],
    },
  })
}

function issuerAnnotation({
  kind,
  name,
}: {
  kind: 'Issuer' | 'ClusterIssuer'
  name: string
}): Record<string, string> {
  return { [kind === 'Issuer' ? 'cert-manager.io/issuer' : 'cert-manager.io/cluster-issuer']: name }
}

/** The hash finds a spec of ours that has become smaller, which comparing with the live object cannot see. */
function withSpecHash(object: Route): Route {
  const hash = createHash('sha256').update(JSON.stringify(object.spec)).digest('hex').slice(0, 16)
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, [specHashAnnotation]: hash },
    },
  }
}

/** Whether everything in `wanted` stands in `live`; what a server added (defaults, fields of others) does not count. */
export function contains(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((item, index) => contains(live[index], item))
    )
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null) return false
    const fields = new Map(Object.entries(live))
    return Object.entries(wanted).every(([key, value]) => contains(fields.get(key), value))
  }
  return live === wanted
}
