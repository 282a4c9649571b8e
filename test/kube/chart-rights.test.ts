/** The rights that the chart gives are enough: an operator with them and the chart's environment does all its work. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createPepper } from '#platform/pepper.ts'
import { Child } from '#test/kit/child-process.ts'
import { aPolicy, anIntegration } from '#test/kit/manifests.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { kubeconfigText } from './api-server.ts'
import { type Rendered, deploymentOf, environmentOf, rendered, requiredValues } from './chart.ts'
import { api, kubectl, newNamespace, testCluster } from './kit.ts'
import { runKubectl } from './kubectl.ts'

const patience = { timeout: 60_000, interval: 200 }
const rbacKinds = new Set(['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'])

describe.each(['Cluster', 'Namespaced'] as const)('with rights of scope %s', (scope) => {
  let home: string
  let tenants: string
  let objects: readonly Rendered[]
  let serviceAccount: string

  beforeAll(async () => {
    home = await newNamespace('chart')
    tenants = await newNamespace('chart')
    const values = {
      ...requiredValues,
      rbac: { scope },
      endpoint: { baseDomain: 'scim.example.com' },
      // Also where it might look at all: other tests have theirs on this API server.
      watchNamespaces: [home, tenants],
    }
    // The name of the release is in the name of the ClusterRole: nobody else has it.
    objects = await rendered({ name: home, namespace: home, values })
    serviceAccount = deploymentOf(objects, 'operator').spec.template.spec.serviceAccountName
    await applyAll(objects.filter(({ kind }) => rbacKinds.has(kind)))
  })

  afterAll(async () => {
    for (const { kind, metadata } of objects)
      if (kind.startsWith('ClusterRole')) await kubectl('delete', kind, metadata.name)
  })

  test(`an operator makes tenants with every kind of endpoint and lets them go again: ${scope}`, async () => {
    await using stack = new AsyncDisposableStack()
    const db = stack.use(await cloneDatabase())
    const folder = await mkdtemp(path.join(tmpdir(), 'scim-chart-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    await createPepper(path.join(folder, 'pepper'), new Date())
    const token = (await kubectl('create', 'token', serviceAccount, '--namespace', home)).trim()
    const kubeconfig = path.join(folder, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigText({ ...testCluster(), token }), { mode: 0o600 })
    const operator = stack.use(
      new Child({
        main: 'src/operator/main.ts',
        env: {
          ...environmentOf(deploymentOf(objects, 'operator'), {
            fields: { 'metadata.namespace': home, 'metadata.name': 'operator-0' },
            secret: () => db.ownerUrl,
          }),
          KUBECONFIG: kubeconfig,
          PEPPER_DIR: path.join(folder, 'pepper'),
          OPS_PORT: '0',
        },
      }),
    )
    await operator.untilReady()

    const there = { namespace: tenants }
    await applyAll([
      anIntegration('route', { readers: [{ name: 'fleet' }] }, there),
      anIntegration('shared', { endpoint: { type: 'Shared' } }, there),
      {
        ...aPolicy('laptops', { integrationRef: { name: 'shared' } }),
        metadata: { name: 'laptops', ...there },
      },
      // An Ingress leads to Services of its own namespace only.
      anIntegration('ingress', { endpoint: { type: 'Ingress' } }, { namespace: home }),
    ])
    const deliveries = () =>
      read(tenants, 'secrets', '--field-selector', 'type=scim-operator.io/token-delivery')
    await vi.waitFor(async () => {
      expect(await deliveries()).toHaveLength(3)
      expect((await read(tenants, 'httproutes')).map(nameOf)).toEqual(['route-scim'])
      expect((await read(home, 'ingresses')).map(nameOf)).toEqual(['ingress-scim'])
      expect((await read(tenants, 'scimassignmentpolicies')).map(conditionsOf)).toEqual([
        expect.arrayContaining(['Ready']),
      ])
      const events = await read(tenants, 'events.events.k8s.io')
      expect(events.map(({ reason }) => reason)).toContain('TokenIssued')
    }, patience)

    const [first] = await deliveries()
    const acknowledged = `scim-operator.io/acknowledged=${first?.metadata.labels?.['scim-operator.io/token-id']}`
    await kubectl('annotate', '-n', tenants, `secret/${first?.metadata.name}`, acknowledged)
    await vi.waitFor(async () => expect(await deliveries()).toHaveLength(2), patience)
    const kinds = ['scimassignmentpolicies', 'scimintegrations', 'secrets', 'httproutes', 'ingresses']
    for (const namespace of [home, tenants])
      await kubectl('delete', '-n', namespace, '--wait=false', kinds.slice(0, 2).join(','), '--all')
    await vi.waitFor(async () => {
      for (const kind of kinds) expect([await read(home, kind), await read(tenants, kind)]).toEqual([[], []])
    }, patience)

    const metrics = await fetch(`http://127.0.0.1:${await operator.port('opsPort', 'started')}/metrics`)
    const codes = [...(await metrics.text()).matchAll(/^rest_client_requests_total\{.*code="(\w+)"/gm)]
    expect(codes.map(([, code]) => code)).toContain('201')
    expect(codes.map(([, code]) => code)).not.toContain('403')
    expect(await operator.stop()).toBe(0)
    const lease = await kubectl('get', 'lease', '--namespace', home, '-o', 'name')
    expect(lease.trim()).toBe(`lease.coordination.k8s.io/${leaseName(objects)}`)
  })

  test(`an operator may do no more than its work asks for: ${scope}`, async () => {
    const may = async (namespace: string, verb: string, group: string, resource: string, name = '') => {
      const [plural, subresource = ''] = resource.split('/')
      const review = {
        user: `system:serviceaccount:${home}:${serviceAccount}`,
        resourceAttributes: { namespace, verb, group, resource: plural, subresource, name },
      }
      const { body } = await api('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        spec: review,
      })
      return Review.parse(body).status.allowed
    }
    const ours = 'scim-operator.io'
    const isEverywhere = scope === 'Cluster'
    for (const [group, resource] of kindsFollowed)
      for (const verb of ['get', 'list', 'watch', 'patch'])
        for (const [namespace, isAllowed] of [
          [home, true],
          [tenants, true],
          ['kube-system', isEverywhere],
          // All of them at once.
          ['', isEverywhere],
        ] as const)
          expect([verb, resource, namespace, await may(namespace, verb, group, resource)]).toEqual([
            verb,
            resource,
            namespace,
            isAllowed,
          ])
    // An event of a series that goes on.
    expect(await may(tenants, 'patch', 'events.k8s.io', 'events')).toBe(true)
    // Asked of whoever names it as the owner, by the admission plugin OwnerReferencesPermissionEnforcement.
    expect(await may(tenants, 'update', ours, 'scimintegrations/finalizers')).toBe(true)
    for (const [verb, group, resource] of [
      ['create', ours, 'scimintegrations'],
      ['delete', ours, 'scimintegrations'],
      ['deletecollection', '', 'secrets'],
      ['get', '', 'configmaps'],
      ['create', '', 'pods'],
      ['create', '', 'serviceaccounts/token'],
      ['escalate', 'rbac.authorization.k8s.io', 'roles'],
      ['bind', 'rbac.authorization.k8s.io', 'clusterroles'],
      ['impersonate', '', 'users'],
      ['get', 'coordination.k8s.io', 'leases'],
    ] as const)
      expect([verb, resource, await may(tenants, verb, group, resource)]).toEqual([verb, resource, false])
    const leases = ['update', 'coordination.k8s.io', 'leases'] as const
    expect(await may(home, ...leases, leaseName(objects))).toBe(true)
    expect(await may(home, ...leases, 'another')).toBe(false)
  })
})

/** By list and watch; all are written too, by patch. */
const kindsFollowed = [
  ['scim-operator.io', 'scimintegrations'],
  ['scim-operator.io', 'scimassignmentpolicies'],
  ['', 'secrets'],
  ['gateway.networking.k8s.io', 'httproutes'],
  ['networking.k8s.io', 'ingresses'],
] as const

const Review = z.object({ status: z.object({ allowed: z.boolean() }) })

const Listed = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }),
  reason: z.string().optional(),
  status: z
    .object({ conditions: z.array(z.object({ type: z.string() })).default([]) })
    .default({ conditions: [] }),
})
type Listed = z.output<typeof Listed>
const List = z.object({ items: z.array(Listed) })

const nameOf = ({ metadata }: Listed): string => metadata.name
const conditionsOf = ({ status }: Listed): string[] => status.conditions.map(({ type }) => type)

async function read(namespace: string, kind: string, ...flags: readonly string[]): Promise<Listed[]> {
  return List.parse(JSON.parse(await kubectl('get', '-n', namespace, kind, '-o', 'json', ...flags))).items
}

/** Really, and not as a dry run. */
async function applyAll(items: readonly object[]): Promise<void> {
  await runKubectl(['apply', '--server-side', '-f', '-'], {
    kubeconfig: testCluster().kubeconfig,
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })
}

function leaseName(objects: readonly Rendered[]): string {
  const [{ env }] = deploymentOf(objects, 'operator').spec.template.spec.containers
  return env.find(({ name }) => name === 'LEASE_NAME')?.value ?? ''
}
