import { expect, test, vi } from 'vitest'

import { migrate } from '#directory/migrate.ts'
import { migrations } from '#directory/migrations/list.ts'
import { opened } from '#test/kit/builders.ts'
import { provisionFleet } from '#test/kit/fleet.ts'
import { failedStatuses, pushEverybody, startTraffic, untilEqual } from '#test/kit/traffic.ts'
import { unpackPreviousRelease } from '#test/upgrade/previous-release.ts'

const patience = { timeout: 120_000, interval: 50 }

test('an upgrade under traffic, new processes beside old ones on the new schema, fails no request and loses nothing', async () => {
  await using previous = await unpackPreviousRelease()
  await using fleet = await provisionFleet(previous.root)
  await using owner = await opened(fleet.db.ownerUrl)
  const { balancer, tenants } = fleet
  const migrated = async (): Promise<readonly string[]> => {
    const { rows } = await owner.pool.query<{ name: string }>(
      'select name from mikro_orm_migrations order by id',
    )
    return rows.map(({ name }) => name)
  }
  const oldServers = await Promise.all([fleet.startServer(previous.root), fleet.startServer(previous.root)])
  const oldWorkers = [await fleet.startWorker(previous.root)]
  const before = await migrated()
  const traffic = startTraffic(tenants, await pushEverybody(tenants))
  const anotherRound = async (): Promise<void> => {
    const rounds = traffic.rounds()
    await vi.waitFor(() => expect(traffic.rounds()).toBeGreaterThan(rounds), patience)
  }

  await migrate(fleet.db.ownerUrl)
  const names = migrations.map(({ name }) => name)
  expect(await migrated()).toEqual(names)
  expect(before).toEqual(names.slice(0, before.length))
  // Where the two releases have one schema, this test shows nothing: see test/upgrade/freeze.ts.
  expect(names.length).toBeGreaterThan(before.length)
  await anotherRound()

  // An old process that is started anew, on another node, takes the new schema as well.
  oldWorkers.push(await fleet.startWorker(previous.root))
  const newServers = await Promise.all([fleet.startServer(), fleet.startServer()])
  await Promise.all([fleet.startWorker(), fleet.startWorker()])
  await anotherRound()
  for (const server of [...oldServers, ...newServers]) {
    expect(await server.probe('/readyz')).toEqual({ status: 200, text: 'ok' })
    expect(balancer.answered(server)).toBeGreaterThan(0)
  }

  const old = [...oldServers, ...oldWorkers]
  expect(await Promise.all(old.map((child) => child.stop()))).toEqual(old.map(() => 0))
  expect(old.map(({ stderr }) => stderr).join('')).toBe('')
  await anotherRound()
  const companies = await traffic.rest()
  expect(balancer.failures).toEqual([])
  expect(failedStatuses(tenants)).toEqual([])
  await untilEqual(tenants, companies)
}, 600_000)
