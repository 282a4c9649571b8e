import { describe, expect, test } from 'vitest'
import * as z from 'zod'

import { addressOf } from '#operator/tenant/address.ts'
import { planEndpoint } from '#operator/tenant/endpoint.ts'
import { httpRouteKind, ingressKind } from '#operator/tenant/manifests.ts'

import type { KubeObject } from '#operator/kube.ts'
import type { OperatorSettings } from '#operator/settings.ts'
import type { EndpointFacts, EndpointPlan } from '#operator/tenant/endpoint.ts'

const owner = { namespace: 'acme', name: 'okta', uid: 'uid-1' }
const settings = { defaultEndpointType: 'HTTPRoute', baseDomain: 'scim.test' } as const
const path = '/scim/v2'

interface Facts {
  readonly endpoint?: Partial<EndpointFacts['endpoint']>
  readonly settings?: Partial<OperatorSettings>
  /** The operator has no base domain. */
  readonly isWithoutDomain?: boolean
  readonly route?: KubeObject
  readonly ingress?: KubeObject
  readonly isServed?: boolean
}

function plan(facts: Facts = {}): EndpointPlan {
  const endpoint = { path, ...facts.endpoint }
  const { baseDomain, ...rest } = settings
  const used = { ...rest, ...(facts.isWithoutDomain === true ? {} : { baseDomain }), ...facts.settings }
  const isServed = facts.isServed ?? true
  return planEndpoint({
    owner,
    endpoint,
    settings: used,
    address: addressOf(endpoint, 'tenant', used),
    routes: [
      { kind: httpRouteKind, isServed, object: facts.route },
      { kind: ingressKind, isServed, object: facts.ingress },
    ],
  })
}

const conditions = (accepted: string, resolved: string) => [
  { type: 'Accepted', status: accepted, message: 'NoMatchingListenerHostname' },
  { type: 'ResolvedRefs', status: resolved, message: '' },
]

const ruleOf = ({ apply }: EndpointPlan): object => {
  const { rules } = z.object({ rules: z.tuple([z.looseObject({})]) }).parse(apply?.object['spec'])
  return rules[0]
}

/** The route as the API has it once a gateway has answered, with fields that servers add. */
const live = (
  parents: readonly unknown[],
  change: (route: KubeObject) => KubeObject = (route) => route,
): KubeObject => {
  const made = plan().apply!.object
  return change({ ...made, metadata: { ...made.metadata, uid: 'r', generation: 3 }, status: { parents } })
}

test('a route of the tenant leads its host and path to the server, through the gateway of the settings', () => {
  const { apply, condition } = plan()
  expect(apply?.object['spec']).toEqual({
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'scim-operator' }],
    hostnames: ['tenant.scim.test'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/scim/v2' } }],
        backendRefs: [{ group: '', kind: 'Service', weight: 1, name: 'scim-operator-server', port: 8080 }],
      },
    ],
  })
  expect(condition).toMatchObject({ status: 'False', reason: 'RoutePending' })
})

describe('an HTTPRoute that stands', () => {
  test('is left alone, whatever servers have added to it', () => {
    const more = live([], (route) => ({
      ...route,
      metadata: { ...route.metadata, labels: { ...route.metadata.labels, team: 'blue' } },
      spec: Object.assign({ useDefaultGateways: 'None' }, route['spec']),
    }))
    expect(plan({ route: more }).apply).toBeUndefined()
  })

  test('makes the endpoint ready when its gateways say so', () => {
    const parents = [{ parentRef: { name: 'scim-operator' }, conditions: conditions('True', 'True') }]
    expect(plan({ route: live(parents) }).condition).toMatchObject({ status: 'True', reason: 'Programmed' })
  })

  test.for([
    ['another host', { hostnames: ['evil.test'] }],
    ['a rule more', { rules: [{}, {}] }],
    ['a filter in the rule', { rules: [{ ...ruleOf(plan()), filters: [{ type: 'RequestRedirect' }] }] }],
  ] as const)('and was edited by hand is put back, and counted as drift: %s', ([, change]) => {
    const edited = live([], (route) => ({ ...route, spec: Object.assign({}, route['spec'], change) }))
    expect(plan({ route: edited }).apply).toMatchObject({ isDrift: true })
  })

  test('changes with the spec, which is no drift', () => {
    expect(plan({ route: live([]), endpoint: { path: '/other' } }).apply).toMatchObject({ isDrift: false })
  })

  test('under our name but not ours is never touched', () => {
    const foreign = live([], (route) => ({ ...route, metadata: { ...route.metadata, ownerReferences: [] } }))
    const { apply, remove, condition } = plan({ route: foreign })
    expect([apply, remove, condition.reason]).toEqual([undefined, [], 'FieldConflict'])
  })

  test('goes when the type becomes another one', () => {
    const { remove } = plan({ route: live([]), endpoint: { type: 'None' } })
    expect(remove.map(({ object }) => object.kind)).toEqual(['HTTPRoute'])
  })
})

test('a cluster without the Gateway API gets a condition and no crash', () => {
  const { apply, condition } = plan({ isServed: false })
  expect([apply, condition.status, condition.reason]).toEqual([undefined, 'False', 'GatewayAPINotInstalled'])
})

test.for([
  ['type None needs no route and is ready', { endpoint: { type: 'None' } }, 'True', 'NotRequested'],
  ['type Shared is served by the shared route', { endpoint: { type: 'Shared' } }, 'True', 'SharedRoute'],
  [
    'type Shared without any host is told to name one',
    { endpoint: { type: 'Shared' }, isWithoutDomain: true },
    'False',
    'HostnameMissing',
  ],
  ['a route without any host is told to name one', { isWithoutDomain: true }, 'False', 'HostnameMissing'],
  [
    'a route without any gateway is told to name one',
    { settings: { parentRefs: [] } },
    'False',
    'ParentMissing',
  ],
  [
    'an Ingress whose server is in another namespace cannot work and says so',
    { endpoint: { type: 'Ingress' }, settings: { backend: { name: 's', port: 1, namespace: 'system' } } },
    'False',
    'BackendOutOfReach',
  ],
] as const satisfies readonly (readonly [string, Facts, string, string])[])(
  '%s',
  ([, facts, status, reason]) => {
    expect(plan(facts).condition).toMatchObject({ status, reason })
  },
)

test('an Ingress names class, host, certificate and issuer, and is ready once it has an address', () => {
  const endpoint = {
    type: 'Ingress',
    ingress: {
      className: 'nginx',
      tls: { secretName: 'cert', issuerRef: { kind: 'ClusterIssuer', name: 'le' } },
    },
  } as const
  const made = plan({ endpoint }).apply!.object
  expect(made.metadata.annotations).toMatchObject({ 'cert-manager.io/cluster-issuer': 'le' })
  expect(made['spec']).toEqual({
    ingressClassName: 'nginx',
    tls: [{ hosts: ['tenant.scim.test'], secretName: 'cert' }],
    rules: [
      {
        host: 'tenant.scim.test',
        http: {
          paths: [
            {
              path: '/scim/v2',
              pathType: 'Prefix',
              backend: { service: { name: 'scim-operator-server', port: { number: 8080 } } },
            },
          ],
        },
      },
    ],
  })
  expect(plan({ endpoint, ingress: made }).condition.reason).toBe('RoutePending')
  const addressed = { ...made, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } }
  expect(plan({ endpoint, ingress: addressed }).condition.reason).toBe('Programmed')
})
