/** The chart over a matrix of values: helm is content, the API server accepts every object, and the parts fit together. */

import { access } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { operatorSettings, serverSettings, workerSettings } from '#platform/config.ts'
import { crds } from '#operator/api/crd.ts'
import { type SettingSource, factsOf, readSettings } from '#platform/settings.ts'
import {
  type Component,
  type Rendered,
  components,
  deploymentOf,
  environmentOf,
  lint,
  rendered,
  renderedText,
  requiredValues,
} from './chart.ts'
import { kubectl, newNamespace, testCluster } from './kit.ts'
import { runKubectl } from './kubectl.ts'

let namespace: string
let tenants: readonly string[]

beforeAll(async () => {
  namespace = await newNamespace('chart')
  tenants = [await newNamespace('chart'), await newNamespace('chart')]
  // The API server says of every pod template what the restricted standard forbids.
  await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/warn=restricted')
})

const matrix: Readonly<Record<string, () => object>> = {
  'only what is required': () => ({}),
  'a base domain': () => ({ endpoint: { baseDomain: 'scim.example.com', publicPort: 8443 } }),
  'rights in some namespaces': () => ({ rbac: { scope: 'Namespaced' }, watchNamespaces: tenants }),
  'some namespaces with rights in all': () => ({ watchNamespaces: tenants }),
  'routes of other namespaces': () => ({ endpoint: { gateway: { routeNamespaces: tenants } } }),
  'a shared route by host': () => ({ endpoint: { defaultType: 'Shared', baseDomain: 'scim.example.com' } }),
  'a shared route by path': () => ({
    endpoint: {
      defaultType: 'Shared',
      pathOrigin: 'https://scim.example.com:8443',
      gateway: { name: 'public', namespace: 'gateways', sectionName: 'https' },
    },
  }),
  'no CRDs': () => ({ crds: { enabled: false } }),
  'CRDs that go with the release': () => ({ crds: { keep: false } }),
  'rights made by others': () => ({ rbac: { create: false } }),
  'a pooler and a private CA': () => ({
    database: { ...requiredValues.database, pooled: true, keys: { appURL: 'pgbouncer' }, caSecret: 'ca' },
  }),
  'one replica of each': () => ({ operator: { replicas: 1 }, server: { replicas: 1 } }),
  'three replicas of each': () => ({
    operator: { replicas: 3 },
    server: { replicas: 3, drainSeconds: 0 },
    worker: { replicas: 3, concurrency: 16 },
  }),
  'a long name': () => ({ fullnameOverride: 'scim-'.repeat(12) + 'xyz' }),
  'placement, pull secrets and a digest': () => ({
    image: { repository: 'registry.example.com:5000/scim-operator', digest: `sha256:${'0'.repeat(64)}` },
    imagePullSecrets: [{ name: 'registry' }],
    podAnnotations: { 'example.com/team': 'identity' },
    server: {
      nodeSelector: { 'kubernetes.io/arch': 'amd64' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      affinity: { podAntiAffinity: {} },
      resources: {},
    },
  }),
}
const rows = Object.entries(matrix)

/** The values of a row on top of those without which nothing renders. */
const valuesOf = (row: () => object): object => ({ ...requiredValues, ...row() })

describe.each(rows)('the chart with %s', (title, row) => {
  let objects: Rendered[]
  beforeAll(async () => {
    objects = await rendered({ namespace, values: valuesOf(row) })
  })

  test(`passes helm lint: ${title}`, async () => {
    await expect(lint(valuesOf(row))).resolves.toContain('0 chart(s) failed')
  })

  test(`is accepted by the API server without a warning: ${title}`, async () => {
    const accepted = await runKubectl(
      [
        'apply',
        '--server-side',
        '--dry-run=server',
        '--warnings-as-errors',
        '--field-manager=helm',
        '-f',
        '-',
      ],
      {
        kubeconfig: testCluster().kubeconfig,
        input: await renderedText({ namespace, values: valuesOf(row) }),
      },
    )
    expect(accepted.trim().split('\n')).toHaveLength(objects.length)
  })

  test(`gives the operator rights one by one, and nobody else any: ${title}`, () => {
    const roles = objects.filter(({ kind }) => ['Role', 'ClusterRole'].includes(kind))
    for (const { apiGroups, resources, verbs } of roles.flatMap((role) => RoleObject.parse(role).rules)) {
      expect([...apiGroups, ...resources]).not.toContain('*')
      expect(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']).toEqual(
        expect.arrayContaining(verbs),
      )
    }
    const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'))
    expect(bindings).toHaveLength(roles.length)
    const { serviceAccountName } = deploymentOf(objects, 'operator').spec.template.spec
    for (const binding of bindings)
      expect(BindingObject.parse(binding).subjects).toEqual([
        { kind: 'ServiceAccount', name: serviceAccountName, namespace },
      ])
    const withToken = components.filter(
      (component) => deploymentOf(objects, component).spec.template.spec.automountServiceAccountToken,
    )
    expect(withToken).toEqual(['operator'])
  })

  test(`selects its own pods: ${title}`, () => {
    const pods = components.map((component) => deploymentOf(objects, component).spec.template)
    const matched = (selector: Readonly<Record<string, string>>) =>
      pods.filter(({ metadata }) =>
        Object.entries(selector).every(([label, value]) => metadata.labels[label] === value),
      )
    for (const component of components) {
      const { spec } = deploymentOf(objects, component)
      expect(matched(spec.selector.matchLabels)).toEqual([spec.template])
      const budgets = objects.filter(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name.endsWith(`-${component}`),
      )
      expect(budgets.map((budget) => matched(BudgetObject.parse(budget).spec.selector.matchLabels))).toEqual(
        spec.replicas > 1 ? [[spec.template]] : [],
      )
    }
    const services = objects.filter(({ kind }) => kind === 'Service').map((each) => ServiceObject.parse(each))
    expect(services.map(({ spec }) => matched(spec.selector).length)).toEqual([1, 1, 3])
    for (const { spec } of services)
      for (const pod of matched(spec.selector))
        for (const { targetPort, port } of spec.ports)
          expect(pod.spec.containers[0].ports).toContainEqual({ name: targetPort, containerPort: port })
  })

  test(`configures each process with settings that it knows, and all it needs: ${title}`, async () => {
    for (const component of components) {
      const [{ command, env }] = deploymentOf(objects, component).spec.template.spec.containers
      expect(command).toEqual(['node', `src/${component}/main.ts`])
      await access(path.join(import.meta.dirname, '../..', `src/${component}/main.ts`))
      const settings = factsOf(settingsOf[component]).map(({ env }) => env)
      // The one that Node itself reads.
      expect([...settings, 'NODE_OPTIONS']).toEqual(expect.arrayContaining(env.map(({ name }) => name)))
    }
    const operator = readSettings(operatorSettings, sourceOf(objects, 'operator'))
    const server = readSettings(serverSettings, sourceOf(objects, 'server'))
    readSettings(workerSettings, sourceOf(objects, 'worker'))
    expect(operator.pathOrigin).toBe(server.pathOrigin)
    const { terminationGracePeriodSeconds } = deploymentOf(objects, 'server').spec.template.spec
    // A server that accepts no more has 30 seconds to end (stopLimitMs of its main file).
    expect(terminationGracePeriodSeconds).toBeGreaterThan(server.drainSeconds + 30)
  })

  test(`leads the operator to its Services and its Lease: ${title}`, () => {
    const operator = readSettings(operatorSettings, sourceOf(objects, 'operator'))
    const ports = objects
      .filter(({ kind }) => kind === 'Service')
      .map((service) => ServiceObject.parse(service))
      .flatMap(({ metadata, spec }) => spec.ports.map(({ port }) => `${metadata.name}:${port}`))
    expect(ports).toContain(`${operator.serverService}:${operator.serverServicePort}`)
    const { hostname, port } = new URL(operator.directoryUrl ?? '')
    expect(hostname.split('.').slice(1)).toEqual([namespace, 'svc'])
    expect(ports).toContain(`${hostname.split('.')[0]}:${port}`)
    const named = objects
      .filter(({ kind }) => kind === 'Role')
      .flatMap((role) => RoleObject.parse(role).rules)
      .flatMap(({ resourceNames = [] }) => resourceNames)
    expect(named).toEqual(objects.some(({ kind }) => kind === 'Role') ? [operator.leaseName] : [])
  })
})

test('the shared route leads every host and every path of a tenant to the server', async () => {
  const values = { ...requiredValues, endpoint: { defaultType: 'Shared', baseDomain: 'scim.example.com' } }
  const route = (await rendered({ namespace, values })).find(({ kind }) => kind === 'HTTPRoute')
  expect(route?.['spec']).toEqual({
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'scim-operator', namespace }],
    hostnames: ['*.scim.example.com'],
    rules: [{ backendRefs: [{ name: 'scim-operator-server', port: 8080 }] }],
  })
})

test('CRDs are the committed ones, and stay when the release goes', async () => {
  const objects = await rendered({ namespace, values: requiredValues })
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition')
  expect(new Map(definitions.map(({ metadata, spec }) => [metadata.name, spec]))).toEqual(
    new Map(crds().map(({ metadata, spec }) => [metadata.name, spec])),
  )
  for (const { metadata } of definitions)
    expect(metadata['annotations']).toEqual({ 'helm.sh/resource-policy': 'keep' })
})

test.for<[string, object, RegExp]>([
  ['no database', { pepper: requiredValues.pepper }, /database\.existingSecret is missing/],
  ['no pepper', { database: requiredValues.database }, /pepper\.existingSecret is missing/],
  [
    'rights in namespaces that are not named',
    { ...requiredValues, rbac: { scope: 'Namespaced' } },
    /watchNamespaces is empty/,
  ],
  ['a value that it does not know', { ...requiredValues, replicas: 3 }, /'replicas' not allowed/],
  [
    'a value below that it does not know',
    { ...requiredValues, server: { replica: 3 } },
    /'replica' not allowed/,
  ],
  [
    'a type of endpoint that there is none of',
    { ...requiredValues, endpoint: { defaultType: 'Route' } },
    /defaultType/,
  ],
])('the chart says what is wrong with %s', async ([, values, complaint]) => {
  await expect(rendered({ namespace, values })).rejects.toThrow(complaint)
})

const settingsOf = { operator: operatorSettings, server: serverSettings, worker: workerSettings }

/** The environment of the container, with values in place of what the kubelet would look up. */
function sourceOf(objects: readonly Rendered[], component: Component): SettingSource {
  const lookup = {
    fields: { 'metadata.namespace': namespace, 'metadata.name': component },
    secret: () => 'postgres://role:password@postgres/scim',
  }
  return { args: [], env: environmentOf(deploymentOf(objects, component), lookup) }
}

const RoleObject = z.object({
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
    }),
  ),
})
const BindingObject = z.object({ subjects: z.array(z.unknown()) })
const Labels = z.record(z.string(), z.string())
const BudgetObject = z.object({ spec: z.object({ selector: z.object({ matchLabels: Labels }) }) })
const ServiceObject = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ selector: Labels, ports: z.array(z.object({ port: z.int(), targetPort: z.string() })) }),
})
