/** The whole operator on an API server that refuses three of ten requests. */

import { expect, test, vi } from 'vitest'
import * as z from 'zod'

import { scimIntegration } from '#operator/api/scim-integration.ts'
import { openCaches } from '#operator/caches.ts'
import { systemClock } from '#operator/clock.ts'
import { openCluster } from '#operator/cluster.ts'
import { startOperator } from '#operator/operator.ts'
import { secretKind } from '#operator/tenant/manifests.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { Condition } from '#operator/api/common.ts'
import { opened } from '#test/kit/builders.ts'
import { anIntegration } from '#test/kit/manifests.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { testKeyring } from '#test/kit/test-keyring.ts'

import type { KubeObject } from '#operator/kube.ts'

import { aCluster } from './adapter.ts'
import { faultProxy } from './fault-proxy.ts'

/** Mostly waited: a key that fails again and again is put off longer and longer. */
const patience = { timeout: 240_000, interval: 200 }
const WithStatus = z.object({
  status: z.object({ conditions: z.array(Condition).default([]) }).prefault({}),
})

function isReady(object: KubeObject): boolean {
  const { conditions } = WithStatus.parse(object).status
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

test('a storm of conflicts, failures and refusals delays integrations and their end, and doubles nothing', async () => {
  await using direct = await aCluster()
  const { cluster, key } = direct
  const { namespace } = key
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await cloneDatabase())
  const directory = stack.use(await opened(db.ownerUrl))
  const proxy = stack.use(await faultProxy())
  const metrics = createMetrics({ ofProcess: false })
  const log = createLogger('test', { level: 'silent' })
  const kube = stack.use(
    await openCluster({ kubeConfig: proxy.kubeconfig, metrics, log, namespaces: [namespace] }),
  )
  const caches = stack.use(openCaches({ kube, clock: systemClock(), metrics, log }))
  const settings = { defaultEndpointType: 'Shared', baseDomain: 'scim.test' } as const
  stack.use(
    await startOperator({ kube, caches, owner: directory, keyring: testKeyring, metrics, log, settings }),
  )

  const names = ['one', 'two', 'three']
  for (const name of names) await cluster.create(anIntegration(name, {}, { namespace }))
  const integrations = async () => (await cluster.list(scimIntegration, { namespace })).items
  await vi.waitFor(async () => expect((await integrations()).filter(isReady)).toHaveLength(3), patience)
  const { rows } = await directory.pool.query('select count(*)::int as tokens from token')
  expect(rows).toEqual([{ tokens: 3 }])
  expect((await cluster.list(secretKind, { namespace })).items).toHaveLength(6)

  for (const name of names) await cluster.delete(scimIntegration, { namespace, name })
  await vi.waitFor(async () => expect(await integrations()).toEqual([]), patience)
  expect((await cluster.list(secretKind, { namespace })).items).toEqual([])
  expect(Object.keys(proxy.refused)).toEqual(['409', '429', '500'])
}, 500_000)
