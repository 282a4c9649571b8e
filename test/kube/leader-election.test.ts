/** Which of several operators leads, on a real Lease: processes that die, stop, sleep and are taken over. */

import { setTimeout as delay } from 'node:timers/promises'

import { expect, test, vi } from 'vitest'
import { z } from 'zod'

import { opened } from '#test/kit/builders.ts'
import { cloneDatabase, emptyDatabase } from '#test/kit/postgres.ts'

import { Operators, patience } from './operators.ts'

test('of two operators one leads and migrates; when it is killed the other does its work', async () => {
  await using db = await emptyDatabase()
  await using operators = await Operators.on(db)
  const first = operators.start()
  await first.untilSaid('leading')
  const second = operators.start()
  await Promise.all([first.untilReady(), second.untilReady()])
  await operators.apply('before')
  await operators.untilReady('before')
  expect(second.said('leading')).toEqual([])

  first.signal('SIGKILL')
  await second.untilSaid('leading')
  expect((await operators.lease()).leaseTransitions).toBe(1)
  await operators.apply('after')
  await operators.untilReady('after')
})

test('a leader that is told to stop lets go of the Lease for the next one, and ends in order', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const first = operators.start({ POD_NAME: 'first' })
  await first.untilSaid('leading')
  const second = operators.start({ POD_NAME: 'second' })
  await second.untilReady()
  const third = operators.start({ POD_NAME: 'third' })
  await third.untilReady()
  // One that only waits leaves the Lease as it is.
  expect(await third.stop()).toBe(0)
  expect((await operators.lease()).holderIdentity).toMatch(/^first_/)

  // Nobody takes it meanwhile.
  second.signal('SIGSTOP')
  expect(await first.stop()).toBe(0)
  expect(first.stderr).toBe('')
  expect((await operators.lease()).holderIdentity).toBe('')
  second.signal('SIGCONT')
  await second.untilSaid('leading')
  expect((await operators.lease()).holderIdentity).toMatch(/^second_/)
  expect(await second.stop()).toBe(0)
  expect((await operators.lease()).holderIdentity).toBe('')
})

test('a leader that is told to stop ends what it has begun, and begins nothing more', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const leader = operators.start()
  await leader.untilSaid('leading')
  // A reconcile asks often enough to take seconds now.
  operators.toPostgres.delay(400)
  await operators.apply('begun')
  await vi.waitFor(
    async () => expect((await operators.integration('begun')).metadata.finalizers).toHaveLength(1),
    patience,
  )
  leader.terminate()
  await leader.untilSaid('stopping')
  await operators.apply('too-late')
  expect(await leader.ended()).toBe(0)
  expect(await operators.condition('begun', 'Ready')).toMatch(/^True/)
  expect((await operators.integration('too-late')).metadata.finalizers).toEqual([])
})

test('a leader exits at once when somebody else has the Lease', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const leader = operators.start()
  await leader.untilSaid('leading')
  await operators.giveLeaseTo('by-hand')
  expect(await leader.ended()).toBe(1)
  expect(leader.said('another operator leads; this one exits')).toHaveLength(1)
  expect((await operators.lease()).holderIdentity).toBe('by-hand')
})

test('a leader exits at once also while a migration holds it up', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  await using operators = await Operators.on(db)
  await using stack = new AsyncDisposableStack()
  const blocking = stack.adopt(await directory.pool.connect(), (client) => client.release(true))
  await blocking.query('begin; lock table mikro_orm_migrations')
  const leader = operators.start()
  const waiting = `select 1 from pg_stat_activity
    where datname = current_database() and application_name = 'scim-migrate' and wait_event_type = 'Lock'`
  await vi.waitFor(async () => expect((await directory.pool.query(waiting)).rowCount).toBe(1), patience)
  await operators.giveLeaseTo('by-hand')
  expect(await leader.ended()).toBe(1)
})

test('a leader that slept through its Lease writes nothing when it wakes up, and exits', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const sleeper = operators.start()
  await sleeper.untilSaid('leading')
  const successor = operators.start()
  await successor.untilReady()
  sleeper.signal('SIGSTOP')
  await operators.apply('meanwhile')
  await successor.untilSaid('leading')
  await operators.untilReady('meanwhile')
  const before = await written(operators, db.ownerUrl)
  sleeper.signal('SIGCONT')
  expect(await sleeper.ended()).toBe(1)
  expect(await written(operators, db.ownerUrl)).toEqual(before)
  expect(successor.isRunning).toBe(true)
})

test('of two processes that both believe to lead the elder exits, and nothing that both do is doubled', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const elder = operators.start({ LEASE_NAME: 'one' })
  await elder.untilSaid('leading')
  const younger = operators.start({ LEASE_NAME: 'another' })
  await younger.untilReady()
  // Some before the younger has taken over, some meanwhile, some after.
  const names = Array.from({ length: 12 }, (_, index) => `tenant-${index}`)
  for (const name of names) {
    await operators.apply(name)
    await delay(50)
  }
  await younger.untilSaid('leading')
  expect(await elder.ended()).toBe(1)
  expect(elder.said('another operator has taken over; this one stops')).toHaveLength(1)
  await operators.untilReady(...names)
  const { secrets, tenants, tokens } = await written(operators, db.ownerUrl)
  expect([tenants.length, tokens.length]).toEqual([12, 12])
  // Of each integration the hashes, and the one delivery.
  expect(secrets).toHaveLength(24)
  expect(younger.isRunning).toBe(true)
})

const List = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string(), resourceVersion: z.string() }) })),
})

/** What operators have written of integrations, with the versions that say how often. */
async function written(operators: Operators, ownerUrl: string) {
  await using directory = await opened(ownerUrl)
  const rows = async (sql: string) => (await directory.pool.query<Record<string, unknown>>(sql)).rows
  const list = async (version: string, plural: string) => {
    const path = `${version}/namespaces/${operators.namespace}/${plural}`
    const { items } = List.parse(await operators.call({ method: 'GET', path }))
    return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
  }
  return {
    integrations: await list('/apis/scim-operator.io/v1alpha1', 'scimintegrations'),
    secrets: await list('/api/v1', 'secrets'),
    tenants: await rows('select xmin::text, id from tenant order by id'),
    tokens: await rows('select xmin::text, id from token order by id'),
  }
}
