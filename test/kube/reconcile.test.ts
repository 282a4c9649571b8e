/** Reconciling on an API server: what only a real one does, or only shows. */

import { describe, expect, test, vi } from 'vitest'
import * as z from 'zod'

import { tenantBySlug } from '#directory/tenants.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { KubeError } from '#operator/kube.ts'
import { httpRouteKind, ingressKind, secretKind } from '#operator/tenant/manifests.ts'
import { aPolicy, anIntegration } from '#test/kit/manifests.ts'
import { quietOperator } from '#test/kit/operator.ts'

import type { KubeKind } from '#operator/kube.ts'
import type { QuietOperator } from '#test/kit/operator.ts'

import { kubectl } from './kit.ts'
import { onCluster, parentStatus, writeRouteStatus } from './quiet-cluster.ts'

const name = 'okta'
const eventKind: KubeKind = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' }

/** A gateway named twice: the schema of HTTPRoute is against it, and ours is not. */
const gateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'one' }
const twice = { httpRoute: { parentRefs: [gateway, gateway] } }

const EventObject = z.object({
  reason: z.string(),
  note: z.string(),
  series: z.object({ count: z.int() }).optional(),
})

/** Events as the API has them, once it has all: they are written behind the back of whoever records them. */
async function eventsOf(operator: QuietOperator): Promise<z.output<typeof EventObject>[]> {
  return vi.waitFor(
    async () => {
      const found = (await operator.objects(eventKind)).map((object) => EventObject.parse(object))
      const count = found.reduce((sum, { series }) => sum + (series?.count ?? 1), 0)
      expect(count).toBe(operator.events.length)
      return found
    },
    { timeout: 60_000, interval: 100 },
  )
}

/** Requests so far, by method. */
async function requests({ metrics }: QuietOperator): Promise<Record<string, number>> {
  const { values } = await metrics.restRequests.get()
  const counts: Record<string, number> = {}
  for (const { labels, value } of values) {
    const method = String(labels.method)
    counts[method] = (counts[method] ?? 0) + value
  }
  return counts
}

async function versions(operator: QuietOperator): Promise<string[]> {
  const kinds = [scimIntegration, scimAssignmentPolicy, secretKind, httpRouteKind]
  const objects = await Promise.all(kinds.map((kind) => operator.objects(kind)))
  return objects.flat().map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`)
}

async function messageOf(operator: QuietOperator, type: string): Promise<string | undefined> {
  const { conditions } = (await operator.integration(name)).status
  return conditions?.find((condition) => condition.type === type)?.message
}

describe.concurrent('on an API server', () => {
  test('looking again at what is in order sends nothing but GET, and no object moves', async () => {
    await using operator = await quietOperator(onCluster())
    await operator.apply(anIntegration(name, { readers: [{ name: 'app' }] }))
    await operator.apply(aPolicy('laptops'))
    for (let pass = 0; pass < 3; pass += 1) {
      await operator.reconcile(name)
      await operator.reconcilePolicy('laptops')
    }
    expect(await operator.condition(name, 'Ready')).toBe('True/Available')
    await eventsOf(operator)
    const [before, sent] = [await versions(operator), await requests(operator)]
    for (let look = 0; look < 3; look += 1) {
      operator.pass(60)
      await operator.reconcile(name)
      await operator.reconcilePolicy('laptops')
    }
    const { GET = 0, ...written } = await requests(operator)
    expect(GET).toBeGreaterThan(sent['GET'] ?? 0)
    expect({ GET: sent['GET'], ...written }).toEqual(sent)
    expect(await versions(operator)).toEqual(before)
  })

  test('an HTTPRoute is ready when every gateway says so of what it is now', async () => {
    await using operator = await quietOperator(onCluster({ isGatewayAway: true }))
    const [one, two] = [gateway, { ...gateway, name: 'two' }]
    const spec = (path: string) => ({ endpoint: { path, httpRoute: { parentRefs: [one, two] } } })
    const says = async (...parents: readonly object[]): Promise<string> => {
      const route = await operator.object(httpRouteKind, 'okta-scim')
      if (route === undefined) throw new Error('there is no route')
      await writeRouteStatus(httpRouteKind, route, { parents })
      await operator.reconcile(name)
      return operator.condition(name, 'EndpointReady')
    }
    await operator.apply(anIntegration(name, spec('/one')))
    await operator.reconcile(name)
    await operator.reconcile(name)
    expect(await operator.condition(name, 'EndpointReady')).toBe('False/RoutePending')
    expect(await operator.condition(name, 'Progressing')).toBe('True/Provisioning')
    expect(await operator.condition(name, 'Ready')).toBe('False/EndpointNotReady')
    expect(await says(parentStatus(one, 1))).toBe('False/RoutePending')
    expect(await says(parentStatus(one, 1), parentStatus(two, 1, { ResolvedRefs: 'False' }))).toBe(
      'False/RouteRejected',
    )
    expect(await messageOf(operator, 'EndpointReady')).toContain('The test does not want it.')
    expect(await says(parentStatus(one, 1), parentStatus(two, 1))).toBe('True/Programmed')
    expect(await operator.condition(name, 'Ready')).toBe('True/Available')
    await operator.apply(anIntegration(name, spec('/two')))
    await operator.reconcile(name)
    await operator.reconcile(name)
    expect(await operator.condition(name, 'EndpointReady')).toBe('False/RoutePending')
    expect(await says(parentStatus(one, 2), parentStatus(two, 2))).toBe('True/Programmed')
  })

  test('an Ingress is ready when it has an address', async () => {
    await using operator = await quietOperator(onCluster({ isGatewayAway: true }))
    await operator.apply(anIntegration(name, { endpoint: { type: 'Ingress' } }))
    await operator.reconcile(name)
    await operator.reconcile(name)
    expect(await operator.condition(name, 'EndpointReady')).toBe('False/RoutePending')
    const ingress = await operator.object(ingressKind, 'okta-scim')
    if (ingress === undefined) throw new Error('there is no Ingress')
    await writeRouteStatus(ingressKind, ingress, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } })
    await operator.reconcile(name)
    expect(await operator.condition(name, 'EndpointReady')).toBe('True/Programmed')
  })

  test('what the API refuses is told in its words, and done once it is allowed', async () => {
    await using operator = await quietOperator(onCluster())
    await operator.apply(anIntegration(name, { endpoint: twice }))
    await expect(operator.reconcile(name)).rejects.toThrow(KubeError)
    expect(await operator.condition(name, 'Degraded')).toBe('True/RequestRefused')
    expect(await operator.condition(name, 'Progressing')).toBe('True/Retrying')
    expect(await messageOf(operator, 'Degraded')).toContain('HTTPRoute.gateway.networking.k8s.io')
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    await operator.reconcile(name)
    expect(await operator.condition(name, 'Degraded')).toBe('False/AsExpected')
    expect(await operator.condition(name, 'Ready')).toBe('True/Available')
  })

  test('under Observe the plan is tried and told, also in an Event, and nothing comes of it', async () => {
    await using operator = await quietOperator(onCluster())
    const spec = { managementPolicy: 'Observe', tenantID: `${operator.namespace}-1` }
    await operator.apply(anIntegration(name, { ...spec, endpoint: twice }))
    await operator.reconcile(name)
    const plan = await messageOf(operator, 'Progressing')
    expect(plan).toMatch(/^Full would: add the finalizer; .*write HTTPRoute okta-scim\./)
    expect(plan).toContain('The API refuses HTTPRoute okta-scim: ')
    await operator.apply(anIntegration(name, spec))
    await operator.reconcile(name)
    expect(await messageOf(operator, 'Progressing')).toMatch(/write HTTPRoute okta-scim\.$/)
    const notes = (await eventsOf(operator)).map(({ reason, note }) => `${reason}: ${note}`)
    expect(notes).toContainEqual(
      expect.stringMatching(/^ObserveOnly: Full would: .*The API refuses HTTPRoute/),
    )
    const before = await requests(operator)
    await operator.reconcile(name)
    const { GET: _before, ...written } = before
    const { GET: _after, ...writtenNow } = await requests(operator)
    expect(writtenNow).toEqual(written)
    expect(await operator.objects(secretKind)).toEqual([])
    expect(await operator.objects(httpRouteKind)).toEqual([])
    expect((await operator.integration(name)).metadata.finalizers).toBeUndefined()
    expect(await tenantBySlug(operator.directory, spec.tenantID)).toBeUndefined()
  })

  test('what kubectl changes of a route or a Secret is put back, whoever holds its fields now', async () => {
    await using operator = await quietOperator(onCluster())
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    await operator.reconcile(name)
    const spec = (await operator.object(httpRouteKind, 'okta-scim'))?.['spec']
    const data = (await operator.object(secretKind, 'okta-scim-token'))?.['data']
    const patch = (object: string, ...operations: readonly object[]) =>
      kubectl(
        'patch',
        object,
        '-n',
        operator.namespace,
        '--type=json',
        `--patch=${JSON.stringify(operations)}`,
      )
    await patch('httproute/okta-scim', { op: 'remove', path: '/spec/hostnames' })
    await patch('secret/okta-scim-token', { op: 'replace', path: '/data', value: {} })
    await operator.reconcile(name)
    expect((await operator.object(httpRouteKind, 'okta-scim'))?.['spec']).toEqual(spec)
    expect((await operator.object(secretKind, 'okta-scim-token'))?.['data']).toEqual(data)
    const { values } = await operator.metrics.driftCorrections.get()
    expect(values.map(({ labels, value }) => `${String(labels.kind)} ${value}`).toSorted()).toEqual([
      'HTTPRoute 1',
      'Secret 1',
    ])
  })
})
