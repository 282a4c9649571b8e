import { expect, test, vi } from 'vitest'
import { withClient } from '#directory/client.ts'
import { StaleEpochError, assertEpoch, takeEpoch, writeAsOwner } from '#directory/owner.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

test('of many that take the epoch at once each has its own, and only the last may write', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owners = await Promise.all(Array.from({ length: 5 }, () => takeEpoch(directory)))
  const byEpoch = owners.toSorted((one, two) => one.epoch - two.epoch)
  expect(byEpoch.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5])
  for (const owner of byEpoch.slice(0, -1)) {
    await expect(writeAsOwner(owner, async () => 'written')).rejects.toThrow(StaleEpochError)
  }
  for (const owner of byEpoch.slice(-1))
    expect(await writeAsOwner(owner, async () => 'written')).toBe('written')
})

test('a new leader waits for the write of the old one that is under way, and no later one succeeds', async () => {
  await using db = await cloneDatabase()
  await using one = await opened(db.ownerUrl)
  await using two = await opened(db.ownerUrl)
  const old = await takeEpoch(one)
  await using watcher = await opened(db.adminUrl)
  const order: string[] = []
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const writing = writeAsOwner(old, async () => {
    begin()
    await mayEnd
  }).then(() => order.push('old wrote'))
  await begun
  const taking = takeEpoch(two).then(() => order.push('new leads'))
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await vi.waitFor(async () => expect(await withClient(watcher, (query) => query(waiting))).toHaveLength(1), {
    timeout: 30_000,
  })
  expect(order).toEqual([])
  end()
  await Promise.all([writing, taking])
  // The answers come over two connections and may cross on their way here.
  expect(order.toSorted()).toEqual(['new leads', 'old wrote'])
  await expect(writeAsOwner(old, async () => undefined)).rejects.toThrow(StaleEpochError)
})

test('who leads can be asked without a write', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const old = await takeEpoch(directory)
  await assertEpoch(old)
  const current = await takeEpoch(directory)
  await expect(assertEpoch(old)).rejects.toThrow(StaleEpochError)
  await assertEpoch(current)
})
