import { expect, test } from 'vitest'

import { tenantGauges } from '#operator/tenant/gauges.ts'
import { createMetrics } from '#platform/metrics.ts'

import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'

const statusOf = (ready: 'True' | 'False', paused: 'True' | 'False' = 'False'): ScimIntegrationStatus => ({
  conditions: Object.entries({ Ready: ready, Paused: paused }).map(([type, status]) => ({
    type,
    status,
    reason: 'Test',
    message: '',
    lastTransitionTime: '2026-11-22T10:00:00Z',
  })),
  tokens: [
    {
      id: 'abc',
      state: 'Active',
      createdTime: '2026-11-22T10:00:00Z',
      expirationTime: '2027-05-21T10:00:00Z',
    },
  ],
})

const opened = (tenantLabelLimit: number) => {
  const metrics = createMetrics({ ofProcess: false, tenantLabelLimit })
  const named = async (): Promise<string[]> => {
    const { values } = await metrics.integrationCondition.get()
    return [...new Set(values.map(({ labels }) => String(labels.name)))].toSorted()
  }
  const counted = async (type: string): Promise<Record<string, number>> => {
    const { values } = await metrics.integrations.get()
    const ofType = values.filter(({ labels, value }) => labels.type === type && value > 0)
    return Object.fromEntries(ofType.map(({ labels, value }) => [String(labels.status), value]))
  }
  return { metrics, named, counted, gauges: tenantGauges(metrics) }
}

test('all integrations are counted by condition, however few may be named', async () => {
  const { gauges, named, counted, metrics } = opened(1)
  for (const name of ['a', 'b', 'c']) gauges.show(`acme/${name}`, statusOf('True'))
  gauges.show('acme/d', statusOf('False', 'True'))
  expect(await named()).toEqual(['a', 'd'])
  expect(await counted('Ready')).toEqual({ True: 3, False: 1 })
  expect((await metrics.integrationsPaused.get()).values).toMatchObject([{ value: 1 }])
  gauges.show('acme/b', statusOf('False'))
  expect(await counted('Ready')).toEqual({ True: 2, False: 2 })
})

test('an integration in trouble is named though the names of those that are well are used up', async () => {
  const { gauges, named } = opened(2)
  for (const name of ['a', 'b', 'c', 'd']) gauges.show(`acme/${name}`, statusOf('True'))
  expect(await named()).toEqual(['a', 'b'])
  gauges.show('acme/d', statusOf('False'))
  expect(await named()).toEqual(['a', 'b', 'd'])
  gauges.show('acme/d', statusOf('True'))
  expect(await named()).toEqual(['a', 'b'])
})

test('nothing is shown of an integration that went, nor of any once the gauges are disposed', async () => {
  const { gauges, named, counted, metrics } = opened(10)
  for (const name of ['a', 'b']) gauges.show(`acme/${name}`, statusOf('True'))
  gauges.forget('acme/a')
  expect(await named()).toEqual(['b'])
  expect(await counted('Ready')).toEqual({ True: 1 })
  gauges[Symbol.dispose]()
  expect(await named()).toEqual([])
  expect(await counted('Ready')).toEqual({})
  expect((await metrics.tokenExpiration.get()).values).toEqual([])
})
