import { expect, test } from 'vitest'

import { httpRouteHealth, ingressHealth } from '#operator/tenant/route-health.ts'

import type { KubeObject } from '#operator/kube.ts'

const one = { name: 'one' }
const two = { name: 'two', namespace: 'gateways', sectionName: 'https' }

interface Says {
  readonly Accepted?: string
  readonly ResolvedRefs?: string
  readonly observedGeneration?: number
}

function answer(parentRef: object, { observedGeneration = 3, ...says }: Says = {}): object {
  const conditions = Object.entries({ Accepted: 'True', ResolvedRefs: 'True', ...says }).map(
    ([type, status]) => ({ type, status, message: 'NoMatchingListenerHostname', observedGeneration }),
  )
  return { parentRef, conditions }
}

function route(parentRefs: readonly object[], parents?: readonly object[]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'acme', name: 'okta-scim', generation: 3 },
    spec: { parentRefs },
    ...(parents === undefined ? {} : { status: { parents } }),
  }
}

/** As gateways write it: with what the schema fills in. */
const inFull = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'acme', name: 'one' }

test.for<[string, string, KubeObject]>([
  ['has no status', 'RoutePending', route([one])],
  ['has been answered by its gateway', 'Programmed', route([one], [answer(inFull)])],
  ['has been answered by both gateways', 'Programmed', route([one, two], [answer(one), answer(two)])],
  ['has been answered by one of two gateways', 'RoutePending', route([one, two], [answer(one)])],
  ['has been answered twice by one of two', 'RoutePending', route([one, two], [answer(one), answer(one)])],
  ['waits for one of two answers', 'RoutePending', route([one], [answer(one, { ResolvedRefs: 'Unknown' })])],
  ['is not accepted', 'RouteRejected', route([one], [answer(one, { Accepted: 'False' })])],
  ['has a backend nobody finds', 'RouteRejected', route([one], [answer(one, { ResolvedRefs: 'False' })])],
  [
    'is refused by one of two',
    'RouteRejected',
    route([one, two], [answer(one), answer(two, { Accepted: 'False' })]),
  ],
  ['was answered before it changed', 'RoutePending', route([one], [answer(one, { observedGeneration: 2 })])],
  [
    'was refused before it changed',
    'RoutePending',
    route([one], [answer(one, { Accepted: 'False', observedGeneration: 2 })]),
  ],
  [
    'is refused by a gateway it left',
    'Programmed',
    route([one], [answer(one), answer(two, { Accepted: 'False' })]),
  ],
  ['leads through no gateway', 'RoutePending', route([], [answer(one)])],
])('an HTTPRoute that %s is %s', ([, reason, live]) => {
  expect(httpRouteHealth(live)).toMatchObject({ reason, isReady: reason === 'Programmed' })
})

test('a gateway that says nothing of generations is believed', () => {
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({ type, status: 'True' }))
  expect(httpRouteHealth(route([one], [{ parentRef: one, conditions }])).isReady).toBe(true)
})

test('a refusal of a route is told in the words of the gateway', () => {
  const { message } = httpRouteHealth(route([one], [answer(one, { Accepted: 'False' })]))
  expect(message).toBe('The gateway says Accepted=False: NoMatchingListenerHostname')
})

test('an Ingress is ready once it has an address', () => {
  const metadata = { namespace: 'acme', name: 'okta-scim' }
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata }
  expect(ingressHealth(ingress).reason).toBe('RoutePending')
  expect(ingressHealth({ ...ingress, status: { loadBalancer: {} } }).isReady).toBe(false)
  const loadBalancer = { ingress: [{ ip: '192.0.2.1' }] }
  expect(ingressHealth({ ...ingress, status: { loadBalancer } }).reason).toBe('Programmed')
})
