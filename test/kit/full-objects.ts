/** Objects that give a value to every field that a person may write: together they fill both specs. */

import { crds } from '#operator/api/crd.ts'
import type { KubeObject } from '#operator/kube.ts'
import { anIntegration, aPolicy } from './manifests.ts'
import { violations } from './schema-violations.ts'

const rotation = { requestID: 'first', overlapSeconds: 60 }

/** With a route of a gateway and a token of ours. */
const routedIntegration = anIntegration('routed', {
  displayName: 'Acme',
  tenantID: 'acme',
  adoptionPolicy: 'IfRetained',
  state: 'Disabled',
  managementPolicy: 'Full',
  deletionPolicy: 'Delete',
  deletionGraceSeconds: 60,
  identityProvider: { type: 'Okta' },
  compatibility: {
    patchResponse: 'Resource',
    contentType: 'Auto',
    strictness: 'Lenient',
    postInactive: 'Conflict',
  },
  readers: [{ name: 'fleet', ttlSeconds: 86_400, rotation }],
  endpoint: {
    type: 'HTTPRoute',
    hostname: 'acme.scim.test',
    path: '/scim/v2',
    httpRoute: {
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          name: 'public',
          namespace: 'gateways',
          sectionName: 'https',
        },
      ],
    },
  },
  token: {
    source: 'Generated',
    ttlSeconds: 86_400,
    delivery: { ttlSeconds: 3600 },
    rotation,
    revokedTokenIDs: ['abc'],
  },
  limits: {
    maxUsers: 10,
    maxGroupMembers: 10,
    requestsPerSecond: 10,
    burst: 10,
    maxPayloadBytes: 10_000,
  },
})

/** With an Ingress and a token from a Secret. */
const ingressIntegration = anIntegration('ingress', {
  endpoint: {
    type: 'Ingress',
    ingress: {
      className: 'nginx',
      tls: { secretName: 'acme-tls', issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt' } },
    },
  },
  token: { source: 'SecretRef', secretRef: { name: 'acme-token', key: 'token' } },
})

const selectors = [
  { displayName: 'Staff' },
  { externalId: 'e-1' },
  { id: '00000000-0000-4000-8000-000000000000' },
]

const fullPolicy = aPolicy('full', {
  default: 'standard',
  rules: [
    {
      name: 'staff',
      match: {
        anyGroup: selectors,
        allGroups: selectors,
        noGroup: selectors,
        where: 'active eq true',
      },
      assign: ['laptop'],
    },
  ],
})

export const fullObjects: readonly KubeObject[] = [routedIntegration, ingressIntegration, fullPolicy]

/** Each of them with one field that its schema forbids, in every way that the schema has a word for. */
export function* forbiddenObjects(): Generator<{ field: string; how: string; object: KubeObject }> {
  for (const object of fullObjects) {
    const definition = crds().find(({ spec }) => spec.names.kind === object.kind)
    const spec = definition?.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec']
    if (spec === undefined) throw new Error(`${object.kind} has no schema of a spec`)
    for (const { field, how, value } of violations(spec, object['spec'], 'spec'))
      yield { field, how, object: { ...object, spec: value } }
  }
}
