import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { migrate } from '#directory/migrate.ts'
import { migrations } from '#directory/migrations/list.ts'
import { opened } from '#test/kit/builders.ts'
import { provisionFleet } from '#test/kit/fleet.ts'
import { failedStatuses, pushEverybody, startTraffic, untilEqual } from '#test/kit/traffic.ts'
import { unpackPreviousRelease } from '#test/upgrade/previous-release.ts'

const schemaAwaited =
  'waiting for the database: the database has not the schema of this release; the operator brings it'

/** What the operator of another release does when it becomes the leader. */
const migrateAs = (root: string, ownerUrl: string) =>
  promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const { migrate } = await import('#directory/migrate.ts'); await migrate(process.argv[1])`,
      ownerUrl,
    ],
    { cwd: root },
  )

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
  const oldServers = [fleet.server(previous.root), fleet.server(previous.root)]
  const oldWorkers = [fleet.worker(previous.root)]
  await fleet.takeIn(...oldServers)
  const before = await migrated()
  const traffic = startTraffic(tenants, await pushEverybody(tenants))

  const newServers = [fleet.server(), fleet.server()]
  const newWorkers = [fleet.worker(), fleet.worker()]
  await Promise.all([...newServers, ...newWorkers].map((child) => child.untilSaid(schemaAwaited)))
  await migrate(fleet.db.ownerUrl)
  const names = migrations.map(({ name }) => name)
  expect(await migrated()).toEqual(names)
  expect(before).toEqual(names.slice(0, before.length))
  // Where the two releases have one schema, this test shows nothing: see test/upgrade/freeze.ts.
  expect(names.length).toBeGreaterThan(before.length)
  await traffic.anotherRound()

  // An old operator that leads once more leaves the new schema as it is.
  await migrateAs(previous.root, fleet.db.ownerUrl)
  expect(await migrated()).toEqual(names)
  // An old process that is started anew, on another node, takes the new schema as well.
  oldWorkers.push(fleet.worker(previous.root))
  await fleet.takeIn(...newServers)
  await traffic.anotherRound()
  for (const child of [...oldServers, ...oldWorkers, ...newServers, ...newWorkers]) await child.untilReady()
  for (const server of [...oldServers, ...newServers]) {
    expect(balancer.answered(server)).toBeGreaterThan(0)
  }

  const old = [...oldServers, ...oldWorkers]
  expect(await Promise.all(old.map((child) => child.stop()))).toEqual(old.map(() => 0))
  expect(old.map(({ stderr }) => stderr).join('')).toBe('')
  await traffic.anotherRound()
  const companies = await traffic.rest()
  expect(balancer.failures).toEqual([])
  expect(failedStatuses(tenants)).toEqual([])
  await untilEqual(tenants, companies)
}, 600_000)
