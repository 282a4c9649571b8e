import { expect, test, vi } from 'vitest'

import { provisionFleet } from '#test/kit/fleet.ts'
import { failedStatuses, pushEverybody, startTraffic, untilEqual } from '#test/kit/traffic.ts'

const patience = { timeout: 120_000, interval: 50 }

test('servers and workers are replaced one after another under traffic: no request fails, nothing is lost', async () => {
  await using fleet = await provisionFleet()
  const { balancer, tenants } = fleet
  const servers = await Promise.all([fleet.startServer(), fleet.startServer()])
  const workers = await Promise.all([fleet.startWorker(), fleet.startWorker()])
  const traffic = startTraffic(tenants, await pushEverybody(tenants))

  for (const old of servers) {
    const next = await fleet.startServer()
    await vi.waitFor(() => expect(balancer.answered(next)).toBeGreaterThan(0), patience)
    expect(await old.stop()).toBe(0)
    expect(old.stderr).toBe('')
  }
  for (const old of workers) {
    await fleet.startWorker()
    expect(await old.stop()).toBe(0)
    expect(old.stderr).toBe('')
  }
  const rounds = traffic.rounds()
  await vi.waitFor(() => expect(traffic.rounds()).toBeGreaterThan(rounds), patience)

  const companies = await traffic.rest()
  expect(balancer.failures).toEqual([])
  expect(failedStatuses(tenants)).toEqual([])
  await untilEqual(tenants, companies)
}, 600_000)
