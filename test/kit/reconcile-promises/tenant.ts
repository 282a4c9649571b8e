/** What a person is promised of an integration, on whatever adapter: its tenant, its route, its conditions. */
import { describe, expect, test } from 'vitest'

import { tenantBySlug } from '#directory/tenants.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { ingressKind } from '#operator/tenant/manifests.ts'
import { driftOf } from '#test/kit/drift.ts'
import { secrets, specOf } from '#test/kit/kube-folder.ts'
import { aSecret, anIntegration } from '#test/kit/manifests.ts'
import { httpRoutes } from '#test/kit/operator.ts'

import type { OpenQuiet, QuietOperator } from '#test/kit/operator.ts'

/** Reconciles until a pass writes nothing; two are allowed to write, since the gateway answers in between. */
async function settle(operator: QuietOperator, name: string): Promise<void> {
  for (let pass = 0; pass < 3; pass += 1) {
    operator.writes.count = 0
    await operator.reconcile(name)
    if (operator.writes.count === 0) return
  }
  throw new Error(`it does not settle: ${operator.writes.names.join(', ')}`)
}

/** Declares the tests. */
export function tenantPromises(open: OpenQuiet): void {
  const aReadyOne = async (spec: Record<string, unknown> = {}): Promise<QuietOperator> => {
    const operator = await open()
    await operator.apply(anIntegration('okta', { tenantID: 'okta-1', ...spec }))
    await settle(operator, 'okta')
    return operator
  }

  test('a manifest becomes a tenant with a delivered token, a route and a base URL', async () => {
    await using operator = await aReadyOne({
      identityProvider: { type: 'EntraID' },
      endpoint: { path: '/api/v1/scim' },
    })
    const { status, metadata } = await operator.integration('okta')
    expect(status).toMatchObject({
      observedGeneration: 1,
      tenantID: 'okta-1',
      baseURL: 'https://okta-1.scim.test/api/v1/scim',
      route: { kind: 'HTTPRoute', name: 'okta-scim', hostname: 'okta-1.scim.test' },
      delivery: { state: 'Pending', tokenID: status.tokens?.[0]?.id },
    })
    expect(await operator.condition('okta', 'Ready')).toBe('True/Available')
    expect(metadata.finalizers).toEqual(['scim-operator.io/tenant'])
    expect(await tenantBySlug(operator.directory, 'okta-1')).toMatchObject({
      id: metadata.uid,
      endpointPath: '/api/v1/scim',
      hosts: [{ hostname: 'okta-1.scim.test', origin: 'https://okta-1.scim.test' }],
      settings: { identityProvider: 'EntraID', compatibility: { patchResponse: 'NoContent' } },
    })
    const delivered = await operator.secret(status.delivery?.secretName ?? '')
    expect(delivered['token']).toMatch(/^scimt_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/)
    expect(delivered['baseURL']).toBe(status.baseURL)
  })

  test('whatever is made for an integration is owned by it', async () => {
    await using operator = await aReadyOne({ readers: [{ name: 'app' }] })
    const { uid } = (await operator.integration('okta')).metadata
    const children = [...(await operator.objects(secrets)), ...(await operator.objects(httpRoutes))]
    expect(children).toHaveLength(4)
    for (const { metadata } of children) {
      expect(metadata.ownerReferences).toEqual([
        {
          apiVersion: 'scim-operator.io/v1alpha1',
          kind: 'ScimIntegration',
          name: 'okta',
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ])
    }
  })

  test('every condition speaks for the generation that it saw', async () => {
    await using operator = await aReadyOne()
    await operator.apply(anIntegration('okta', { tenantID: 'okta-1', displayName: 'Renamed' }))
    await settle(operator, 'okta')
    const { status } = await operator.integration('okta')
    expect(status.conditions).toHaveLength(9)
    expect(new Set(status.conditions?.map(({ observedGeneration }) => observedGeneration))).toEqual(
      new Set([2]),
    )
    expect((await tenantBySlug(operator.directory, 'okta-1'))?.displayName).toBe('Renamed')
  })

  test('looking again at an integration that is in order writes nothing at all', async () => {
    await using operator = await aReadyOne()
    operator.writes.count = 0
    for (let look = 0; look < 3; look += 1) {
      operator.pass(60)
      expect((await operator.reconcile('okta')).requeueAfterMs).toBeGreaterThan(0)
    }
    expect(operator.writes.count).toBe(0)
  })

  test('Disabled keeps the data, tells the servers, and is not Ready', async () => {
    await using operator = await aReadyOne({ state: 'Disabled' })
    expect(await operator.condition('okta', 'Ready')).toBe('False/Disabled')
    expect((await tenantBySlug(operator.directory, 'okta-1'))?.state).toBe('Disabled')
  })

  describe('drift', () => {
    const filters = [{ type: 'RequestRedirect', requestRedirect: { hostname: 'evil.test' } }]
    test.for<[string, object]>([
      ['to another host', { hostnames: ['evil.test'] }],
      [
        'that leads elsewhere',
        { rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], filters }] },
      ],
    ])('of the route is put back and counted: an edit %s', async ([, change]) => {
      await using operator = await aReadyOne()
      const before = specOf(await operator.object(httpRoutes, 'okta-scim'))
      const { apiVersion, kind } = httpRoutes
      const metadata = { name: 'okta-scim', namespace: operator.namespace }
      await operator.apply({ apiVersion, kind, metadata, spec: { ...before, ...change } })
      expect(specOf(await operator.object(httpRoutes, 'okta-scim'))).not.toEqual(before)
      await settle(operator, 'okta')
      expect(specOf(await operator.object(httpRoutes, 'okta-scim'))).toEqual(before)
      expect(await driftOf(operator)).toEqual({ HTTPRoute: 1 })
    })

    test('of the row is put back and counted', async () => {
      await using operator = await aReadyOne()
      await operator.directory.pool.query("update tenant set display_name = 'Evil', endpoint_path = '/evil'")
      await settle(operator, 'okta')
      expect(await tenantBySlug(operator.directory, 'okta-1')).toMatchObject({
        displayName: 'okta',
        endpointPath: '/scim/v2',
      })
      expect(await driftOf(operator)).toEqual({ tenant: 1 })
    })

    test('a route that somebody deletes is made again', async () => {
      await using operator = await aReadyOne()
      await operator.delete(httpRoutes, 'okta-scim')
      await settle(operator, 'okta')
      expect(await operator.object(httpRoutes, 'okta-scim')).toBeDefined()
    })
  })

  describe('conflicts', () => {
    test('K1: a displayName can be taken once in a namespace; who comes later is told who has it', async () => {
      await using operator = await aReadyOne({ displayName: 'Okta' })
      await operator.apply(anIntegration('second', { displayName: 'OKTA' }))
      await operator.reconcile('second')
      expect(await operator.condition('second', 'TenantReady')).toBe('False/NameConflict')
      expect(await operator.condition('second', 'Ready')).toBe('False/TenantFailed')
      const { status } = await operator.integration('second')
      expect(status.conditions?.find(({ type }) => type === 'TenantReady')?.message).toContain(
        `${operator.namespace}/okta`,
      )
      expect(status.tokens).toBeUndefined()
      await operator.apply(anIntegration('second', { displayName: 'Second' }))
      await settle(operator, 'second')
      expect(await operator.condition('second', 'Ready')).toBe('True/Available')
    })

    test('a host name belongs to who had it first', async () => {
      await using operator = await aReadyOne({ endpoint: { hostname: 'id.test' } })
      await operator.apply(anIntegration('second', { endpoint: { hostname: 'id.test' } }))
      await operator.reconcile('second')
      expect(await operator.condition('second', 'TenantReady')).toBe('False/HostnameConflict')
      expect(await operator.condition('second', 'Degraded')).toBe('True/HostnameConflict')
    })

    test('a tenantID belongs to who had it first', async () => {
      await using operator = await aReadyOne()
      await operator.apply(anIntegration('second', { tenantID: 'okta-1' }))
      await operator.reconcile('second')
      expect(await operator.condition('second', 'TenantReady')).toBe('False/NameConflict')
    })

    test('a Secret of our name that is not ours is never overwritten', async () => {
      await using operator = await open()
      await operator.apply(aSecret('okta-scim-token', { mine: 'precious' }))
      await operator.apply(anIntegration('okta'))
      await operator.reconcile('okta')
      await operator.reconcile('okta')
      expect(await operator.secret('okta-scim-token')).toEqual({ mine: 'precious' })
      expect(await operator.condition('okta', 'Degraded')).toBe('True/FieldConflict')
      expect(await operator.condition('okta', 'Ready')).toMatch(/^(False|Unknown)/)
    })
  })

  describe('a route of our name that is not ours', () => {
    test('is never overwritten, and makes room when it goes', async () => {
      await using operator = await open()
      const { apiVersion, kind } = httpRoutes
      const spec = { hostnames: ['mine.test'] }
      await operator.apply({ apiVersion, kind, metadata: { name: 'okta-scim', namespace: 'acme' }, spec })
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1' }))
      await settle(operator, 'okta')
      expect(await operator.object(httpRoutes, 'okta-scim')).toMatchObject({ spec })
      expect(await operator.condition('okta', 'EndpointReady')).toBe('False/FieldConflict')
      expect(await operator.condition('okta', 'Degraded')).toBe('True/FieldConflict')
      expect(await operator.condition('okta', 'TokenReady')).toBe('True/AwaitingAcknowledgement')
      await operator.delete(httpRoutes, 'okta-scim')
      await settle(operator, 'okta')
      expect(await operator.object(httpRoutes, 'okta-scim')).toMatchObject({
        spec: { hostnames: ['okta-1.scim.test'] },
      })
      expect(await operator.condition('okta', 'Ready')).toBe('True/Available')
      expect(await operator.condition('okta', 'Degraded')).toBe('False/AsExpected')
    })

    test('stays when the integration goes', async () => {
      await using operator = await open()
      const { apiVersion, kind } = httpRoutes
      const spec = { hostnames: ['mine.test'] }
      await operator.apply({ apiVersion, kind, metadata: { name: 'okta-scim', namespace: 'acme' }, spec })
      await operator.apply(anIntegration('okta'))
      await settle(operator, 'okta')
      await operator.delete(scimIntegration, 'okta')
      await operator.reconcile('okta')
      expect(await operator.object(scimIntegration, 'okta')).toBeUndefined()
      expect(await operator.object(httpRoutes, 'okta-scim')).toMatchObject({ spec })
    })
  })

  describe('annotations and policies for people', () => {
    const paused = { annotations: { 'scim-operator.io/paused': 'true' } }

    test('a paused integration is left alone, and its status says so', async () => {
      await using operator = await aReadyOne()
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1', displayName: 'New' }, paused))
      await settle(operator, 'okta')
      expect((await tenantBySlug(operator.directory, 'okta-1'))?.displayName).toBe('okta')
      expect(await operator.condition('okta', 'Paused')).toBe('True/Annotated')
      expect(await operator.condition('okta', 'Ready')).toBe('True/Available')
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1', displayName: 'New' }))
      await settle(operator, 'okta')
      expect((await tenantBySlug(operator.directory, 'okta-1'))?.displayName).toBe('New')
      expect(await operator.condition('okta', 'Paused')).toBe('False/NotPaused')
    })

    test('an integration that was paused from the start is unknown and has nothing', async () => {
      await using operator = await open()
      await operator.apply(anIntegration('okta', {}, paused))
      await settle(operator, 'okta')
      expect(await operator.condition('okta', 'Ready')).toBe('Unknown/Paused')
      expect((await operator.integration('okta')).metadata.finalizers).toBeUndefined()
    })

    test('a poke is echoed when it has been handled', async () => {
      await using operator = await aReadyOne()
      const annotations = { 'scim-operator.io/reconcile-requested-at': 'now' }
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1' }, { annotations }))
      await operator.reconcile('okta')
      expect((await operator.integration('okta')).status.lastHandledReconcileAt).toBe('now')
    })

    test('Observe changes nothing and says what Full would do', async () => {
      await using operator = await open()
      await operator.apply(anIntegration('okta', { managementPolicy: 'Observe', tenantID: 'okta-1' }))
      await settle(operator, 'okta')
      expect(await tenantBySlug(operator.directory, 'okta-1')).toBeUndefined()
      expect(operator.writes.names).toEqual(['status ScimIntegration okta'])
      const { status } = await operator.integration('okta')
      const progressing = status.conditions?.find(({ type }) => type === 'Progressing')
      expect(progressing?.reason).toBe('ObserveOnly')
      expect(progressing?.message).toContain('write tenant okta-1')
      expect(progressing?.message).not.toMatch(/scimt_/)
      expect(operator.events.map(({ reason, note }) => [reason, note])).toEqual([
        ['ObserveOnly', progressing?.message],
      ])
    })

    test('a pause holds everything but the deletion', async () => {
      await using operator = await aReadyOne()
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1' }, paused))
      await settle(operator, 'okta')
      await operator.delete(scimIntegration, 'okta')
      await operator.reconcile('okta')
      expect(await operator.object(scimIntegration, 'okta')).toBeUndefined()
      expect((await tenantBySlug(operator.directory, 'okta-1'))?.deleted).not.toBeNull()
    })

    test('under Observe drift stays, an edit waits, and both are told', async () => {
      await using operator = await aReadyOne()
      await operator.directory.pool.query("update tenant set endpoint_path = '/elsewhere'")
      await operator.delete(httpRoutes, 'okta-scim')
      const spec = { tenantID: 'okta-1', displayName: 'New', managementPolicy: 'Observe' }
      await operator.apply(anIntegration('okta', spec))
      await settle(operator, 'okta')
      expect(await tenantBySlug(operator.directory, 'okta-1')).toMatchObject({
        displayName: 'okta',
        endpointPath: '/elsewhere',
      })
      expect(await operator.object(httpRoutes, 'okta-scim')).toBeUndefined()
      const { conditions } = (await operator.integration('okta')).status
      expect(conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
        reason: 'ObserveOnly',
        message: 'Full would: write tenant okta-1; write HTTPRoute okta-scim.',
      })
      expect(await driftOf(operator)).toEqual({})
      await operator.apply(anIntegration('okta', { ...spec, managementPolicy: 'Full' }))
      await settle(operator, 'okta')
      expect(await tenantBySlug(operator.directory, 'okta-1')).toMatchObject({
        displayName: 'New',
        endpointPath: '/scim/v2',
      })
    })

    test('a deletion under Observe leaves the tenant as it is', async () => {
      await using operator = await aReadyOne()
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1', managementPolicy: 'Observe' }))
      await settle(operator, 'okta')
      await operator.delete(scimIntegration, 'okta')
      await operator.reconcile('okta')
      expect(await operator.object(scimIntegration, 'okta')).toBeUndefined()
      expect((await tenantBySlug(operator.directory, 'okta-1'))?.deleted).toBeNull()
    })
  })

  describe('endpoints', () => {
    test('without the Gateway API the endpoint is not ready, and everything else is', async () => {
      await using operator = await open({ without: ['HTTPRoute'] })
      await operator.apply(anIntegration('okta'))
      await settle(operator, 'okta')
      expect(await operator.condition('okta', 'EndpointReady')).toBe('False/GatewayAPINotInstalled')
      expect(await operator.condition('okta', 'TokenReady')).toBe('True/AwaitingAcknowledgement')
      expect((await operator.reconcile('okta')).requeueAfterMs).toBeLessThanOrEqual(30_000)
    })

    test.for([
      ['Shared', 'True/SharedRoute'],
      ['None', 'True/NotRequested'],
    ] as const)('type %s needs no route and is ready', async ([type, condition]) => {
      await using operator = await aReadyOne({ endpoint: { type } })
      expect(await operator.condition('okta', 'EndpointReady')).toBe(condition)
      expect(await operator.condition('okta', 'Ready')).toBe('True/Available')
      expect([...(await operator.objects(httpRoutes)), ...(await operator.objects(ingressKind))]).toEqual([])
    })

    test('an Ingress leads to the tenant as a route does, and each takes the place of the other', async () => {
      const ingress = { className: 'web', tls: { secretName: 'certificate' } }
      await using operator = await aReadyOne({ endpoint: { type: 'Ingress', ingress } })
      expect(await operator.object(ingressKind, 'okta-scim')).toMatchObject({
        spec: { ingressClassName: 'web', rules: [{ host: 'okta-1.scim.test' }] },
      })
      expect(await operator.condition('okta', 'EndpointReady')).toBe('True/Programmed')
      expect((await operator.integration('okta')).status.route?.kind).toBe('Ingress')
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1', endpoint: { type: 'HTTPRoute' } }))
      await settle(operator, 'okta')
      expect(await operator.object(ingressKind, 'okta-scim')).toBeUndefined()
      expect(await operator.condition('okta', 'EndpointReady')).toBe('True/Programmed')
      expect((await operator.integration('okta')).status.route?.kind).toBe('HTTPRoute')
      expect(await driftOf(operator)).toEqual({})
    })

    test('the route goes when the endpoint needs none any more', async () => {
      await using operator = await aReadyOne()
      await operator.apply(anIntegration('okta', { tenantID: 'okta-1', endpoint: { type: 'Shared' } }))
      await settle(operator, 'okta')
      expect(await operator.object(httpRoutes, 'okta-scim')).toBeUndefined()
      expect((await operator.integration('okta')).status.route).toBeUndefined()
    })
  })

  test('what metrics show of an integration goes with it', async () => {
    await using operator = await aReadyOne()
    const shown = async () => {
      const { values } = await operator.metrics.integrationCondition.get()
      return values
        .filter(({ labels, value }) => labels.type === 'Ready' && value === 1)
        .map(({ labels }) => labels.status)
    }
    expect(await shown()).toEqual(['True'])
    expect((await operator.metrics.tokenExpiration.get()).values).toMatchObject([
      {
        labels: { namespace: operator.namespace, name: 'okta' },
        value: Date.parse('2027-05-21T10:00:00Z') / 1000,
      },
    ])
    await operator.delete(scimIntegration, 'okta')
    await operator.reconcile('okta')
    await operator.reconcile('okta')
    expect(await shown()).toEqual([])
  })
}
