import { expect, test } from 'vitest'

import { createMetrics } from '#platform/metrics.ts'

const request = (tenant: string | undefined) => ({
  tenant,
  type: 'User',
  method: 'GET',
  code: 200,
  seconds: 0.02,
  atSeconds: 1_800_000_000,
})

test('tenants beyond the limit share the label other, those before keep theirs', async () => {
  const metrics = createMetrics({ ofProcess: false, tenantLabelLimit: 2 })
  for (const tenant of ['a', 'b', 'c', 'd', 'a']) metrics.recordRequest(request(tenant))
  metrics.recordDialect('e', 'CapitalOps')
  const text = await metrics.registry.metrics()
  expect(text).toContain('scim_requests_total{tenant="a",type="User",method="GET",code="200"} 2')
  expect(text).toContain('scim_requests_total{tenant="b",type="User",method="GET",code="200"} 1')
  expect(text).toContain('scim_requests_total{tenant="other",type="User",method="GET",code="200"} 2')
  expect(text).toContain('scim_dialect_total{tenant="other",dialect="CapitalOps"} 1')
  expect(text).not.toMatch(/tenant="[cde]"/)
})

test('a request that found no tenant counts without a tenant and never as silence broken', async () => {
  const metrics = createMetrics({ ofProcess: false, tenantLabelLimit: 1 })
  metrics.recordRequest(request(undefined))
  metrics.recordRequest(request('a'))
  const text = await metrics.registry.metrics()
  expect(text).toContain('scim_requests_total{tenant="",type="User",method="GET",code="200"} 1')
  expect(text).toContain('scim_last_request_timestamp_seconds{tenant="a"} 1800000000')
  expect(text.match(/^scim_last_request_timestamp_seconds/gm)).toHaveLength(1)
})

test('every metric has one of the known prefixes and a help text', async () => {
  const metrics = createMetrics({ ofProcess: false })
  for (const { name, help } of await metrics.registry.getMetricsAsJSON()) {
    expect(name).toMatch(/^(scim|controller_runtime|workqueue|rest_client|leader_election)_/)
    expect(help).toMatch(/\.$/)
  }
})

test('the metrics of the process itself are there unless left out', async () => {
  expect(await createMetrics().registry.metrics()).toContain('nodejs_eventloop_lag_seconds')
  expect(await createMetrics({ ofProcess: false }).registry.metrics()).not.toContain('nodejs_')
})
