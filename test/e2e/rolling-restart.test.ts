import { expect, test } from 'vitest'

import { provisionFleet } from '#test/kit/fleet.ts'
import { failedStatuses, pushEverybody, startTraffic, untilEqual } from '#test/kit/traffic.ts'

test('servers and workers are replaced one after another under traffic: no request fails, nothing is lost', async () => {
  await using fleet = await provisionFleet()
  const { balancer, tenants } = fleet
  const servers = [fleet.server(), fleet.server()]
  const workers = [fleet.worker(), fleet.worker()]
  await fleet.takeIn(...servers)
  const traffic = startTraffic(tenants, await pushEverybody(tenants))

  for (const old of servers) {
    const next = fleet.server()
    await fleet.takeIn(next)
    await traffic.anotherRound()
    expect(balancer.answered(next)).toBeGreaterThan(0)
    expect(await old.stop()).toBe(0)
    expect(old.stderr).toBe('')
  }
  for (const old of workers) {
    await fleet.worker().untilReady()
    expect(await old.stop()).toBe(0)
    expect(old.stderr).toBe('')
  }
  await traffic.anotherRound()

  const companies = await traffic.rest()
  expect(balancer.failures).toEqual([])
  expect(failedStatuses(tenants)).toEqual([])
  await untilEqual(tenants, companies)
}, 600_000)
