import { setTimeout as delay } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { takeEpoch } from '#directory/owner.ts'
import { tenantForOwner } from '#directory/tenants.ts'
import { ScimIntegration, scimIntegration } from '#operator/api/scim-integration.ts'
import { openCaches } from '#operator/caches.ts'
import { systemClock } from '#operator/clock.ts'
import { startOperator } from '#operator/operator.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { opened } from '#test/kit/builders.ts'
import { secrets, temporaryKubeFolder } from '#test/kit/kube-folder.ts'
import { aPolicy, anIntegration } from '#test/kit/manifests.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { testKeyring } from '#test/kit/test-keyring.ts'

import type { KubeObject } from '#operator/kube.ts'

const person = { fieldManager: 'person', force: true }

/** The operator as standalone starts it. */
async function running() {
  const stack = new AsyncDisposableStack()
  const db = stack.use(await cloneDatabase())
  const directory = stack.use(await opened(db.ownerUrl))
  const folder = stack.use(await temporaryKubeFolder())
  const metrics = createMetrics({ ofProcess: false })
  const log = createLogger('test', { level: 'silent' })
  const { kube } = folder
  const options = {
    kube,
    caches: stack.use(openCaches({ kube, clock: systemClock(), metrics, log })),
    owner: directory,
    keyring: testKeyring,
    metrics,
    log,
    settings: { defaultEndpointType: 'HTTPRoute', pathOrigin: 'http://127.0.0.1:8080' },
  } as const
  const operator = stack.use(await startOperator(options))
  return {
    db,
    directory,
    folder,
    metrics,
    operator,
    options,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const isReady = (object: KubeObject | undefined) =>
  ScimIntegration.safeParse(object).data?.status.conditions?.some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  ) ?? false

const statusOf = (object: KubeObject | undefined) => ScimIntegration.parse(object).status

test('a manifest that is written, edited and removed is reconciled each time', async () => {
  await using product = await running()
  const { folder } = product
  await folder.write('okta.yaml', JSON.stringify(anIntegration('okta')))
  const made = statusOf(await folder.until(scimIntegration, 'okta', isReady))
  expect(made.baseURL).toBe(`http://127.0.0.1:8080/t/${made.tenantID}/scim/v2`)
  await folder.write('okta.yaml', JSON.stringify(anIntegration('okta', { endpoint: { path: '/scim' } })))
  await folder.until(
    scimIntegration,
    'okta',
    (object) => statusOf(object).baseURL?.endsWith('/scim') ?? false,
  )
  await folder.write('okta.yaml', '')
  await folder.until(scimIntegration, 'okta', (object) => object === undefined)
  const tenant = await tenantForOwner(product.directory, { namespace: 'acme', name: 'okta' })
  expect(tenant?.deleted).not.toBeNull()
})

test('an acknowledged delivery goes, and the status says that it was taken', async () => {
  await using product = await running()
  const { folder } = product
  await folder.kube.apply(anIntegration('okta'), person)
  const { delivery } = statusOf(await folder.until(scimIntegration, 'okta', isReady))
  const name = delivery?.secretName ?? ''
  const metadata = {
    name,
    namespace: 'acme',
    annotations: { 'scim-operator.io/acknowledged': delivery?.tokenID ?? '' },
  }
  await folder.kube.apply({ apiVersion: 'v1', kind: 'Secret', metadata }, person)
  await folder.until(secrets, name, (object) => object === undefined)
  await folder.until(scimIntegration, 'okta', (object) => statusOf(object).delivery?.state !== 'Pending')
  const found = await folder.kube.get(scimIntegration, { namespace: 'acme', name: 'okta' })
  expect(statusOf(found).delivery?.state).toBe('Acknowledged')
})

test('a policy written before its integration is enforced soon after that is there', async () => {
  await using product = await running()
  const { folder, directory } = product
  await folder.kube.apply(aPolicy('laptops'), person)
  await folder.kube.apply(anIntegration('okta'), person)
  await folder.until(scimIntegration, 'okta', isReady)
  await expect
    .poll(async () => (await directory.pool.query('select name from policy')).rows)
    .toEqual([{ name: 'laptops' }])
})

test('news that the worker writes of a policy come into its status by themselves', async () => {
  await using product = await running()
  const { folder, directory } = product
  await folder.kube.apply(anIntegration('okta'), person)
  await folder.kube.apply(aPolicy('laptops'), person)
  await expect.poll(async () => (await directory.pool.query('select name from policy')).rows).toHaveLength(1)
  await directory.pool.query(
    'update policy_state set generation = 1, users = 7, counts = \'{"laptop": 7}\', updated = now()',
  )
  const kind = {
    apiVersion: 'scim-operator.io/v1alpha1',
    kind: 'ScimAssignmentPolicy',
    plural: 'scimassignmentpolicies',
  }
  await expect
    .poll(async () => (await folder.kube.get(kind, { namespace: 'acme', name: 'laptops' }))?.['status'])
    .toMatchObject({ users: 7, values: [{ value: 'laptop', users: 7 }] })
})

test('after a restart everything is looked at and nothing is written', async () => {
  await using product = await running()
  const { folder, operator, options, metrics } = product
  await folder.kube.apply(anIntegration('okta'), person)
  await folder.until(scimIntegration, 'okta', isReady)
  const looked = async () => {
    const { values } = await metrics.reconcileTotal.get()
    return values.reduce((sum, { value }) => sum + value, 0)
  }
  const version = async () => (await folder.kube.list(scimIntegration)).resourceVersion
  /** Until two looks, some time apart, show the same. */
  const calm = async () => {
    let before: string | undefined
    let now = `${await looked()} ${await version()}`
    while (now !== before) {
      await delay(1000)
      before = now
      now = `${await looked()} ${await version()}`
    }
  }
  await calm()
  await operator[Symbol.asyncDispose]()
  const resourceVersion = await version()
  const before = await looked()
  await using second = await startOperator(options)
  await expect.poll(looked).toBeGreaterThan(before)
  await calm()
  expect(second.lost.aborted).toBe(false)
  expect(await version()).toBe(resourceVersion)
})

test('an operator that another one has taken over from stops writing, and says so', async () => {
  await using product = await running()
  const { folder, operator, directory } = product
  await takeEpoch(directory)
  await folder.kube.apply(anIntegration('okta'), person)
  await expect.poll(() => operator.lost.aborted).toBe(true)
  expect(await tenantForOwner(directory, { namespace: 'acme', name: 'okta' })).toBeUndefined()
})

test('an operator that has nothing to write notices as well that another one has taken over', async () => {
  await using product = await running()
  await takeEpoch(product.directory)
  await expect.poll(() => product.operator.lost.aborted).toBe(true)
})
