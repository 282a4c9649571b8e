import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { LostLeadershipError } from '#operator/leadership.ts'
import { campaign } from '#operator/lease-elector.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import { fakeClock, settled } from '#test/kit/fake-clock.ts'
import { leaseServer } from '#test/kit/scripted-leases.ts'

import type { Leadership } from '#operator/leadership.ts'
import type { FakeClock } from '#test/kit/fake-clock.ts'
import type { LeaseConnection, LeaseServer } from '#test/kit/scripted-leases.ts'

const key = { namespace: 'scim', name: 'scim-operator' }
const fiveMinutesMs = 300_000

/** One process that campaigns at once; `skewMs` is how wrong its clock on the wall is. */
class Candidate {
  readonly connection: LeaseConnection
  readonly stop = new AbortController()
  /** Resolves with what ended the campaign: leadership, or the reason why there is none. */
  readonly campaigned: Promise<unknown>
  leadership: Leadership | undefined
  /** When it won, on the test's clock. */
  wonMs = 0
  skewMs: number
  readonly #metrics = createMetrics({ ofProcess: false })

  constructor({ server, clock }: Election, identity: string, skewMs: number) {
    this.connection = server.connect()
    this.skewMs = skewMs
    const options = {
      leases: this.connection,
      key,
      identity,
      clock,
      now: () => new Date(clock.now() + this.skewMs),
      metrics: this.#metrics,
      log: createLogger('test', { level: 'silent' }),
    }
    this.campaigned = campaign(options, this.stop.signal).then(
      (leadership) => {
        this.leadership = leadership
        this.wonMs = clock.now()
        return leadership
      },
      (error: unknown) => error,
    )
  }

  get isLeading(): boolean {
    return this.leadership !== undefined && !this.leadership.lost.aborted
  }

  get why(): string | undefined {
    const reason: unknown = this.leadership?.lost.reason
    return reason instanceof LostLeadershipError ? reason.why : undefined
  }

  async metric(): Promise<number[]> {
    return (await this.#metrics.leaderStatus.get()).values.map(({ value }) => value)
  }
}

interface Election {
  readonly clock: FakeClock
  readonly server: LeaseServer
}

function election() {
  const clock = fakeClock()
  const server = leaseServer()
  return {
    clock,
    server,
    enter: async (identity: string, skewMs = 0) => {
      const entered = new Candidate({ server, clock }, identity, skewMs)
      await settled()
      return entered
    },
  }
}

test('the first candidate makes the Lease and leads, the others wait as long as it renews', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  const second = await enter('second')
  await clock.advance(120_000)
  expect([first.isLeading, second.isLeading]).toEqual([true, false])
  expect(server.lease).toMatchObject({
    ...key,
    holderIdentity: 'first',
    leaseDurationSeconds: 15,
    acquireTime: '2026-11-22T10:00:00.000000Z',
    renewTime: '2026-11-22T10:02:00.000000Z',
    leaseTransitions: 0,
  })
  expect([await first.metric(), await second.metric()]).toEqual([[1], [0]])
})

test('the Lease of a leader that died is taken 15 to 16 s after its last renewal', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  const second = await enter('second')
  await clock.advance(30_500)
  first.connection.state = 'away'
  await clock.advance(20_000)
  expect(second.isLeading).toBe(true)
  const sinceRenewalMs = second.wonMs - Date.parse('2026-11-22T10:00:30Z')
  expect(sinceRenewalMs).toBeGreaterThanOrEqual(15_000)
  expect(sinceRenewalMs).toBeLessThanOrEqual(16_000)
  expect(server.lease).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 })
})

test.for([-fiveMinutesMs, fiveMinutesMs])(
  'a clock that is %d ms off changes nothing: a living leader is left alone and a dead one replaced in time',
  async (skewMs) => {
    const { clock, enter } = election()
    const first = await enter('first')
    const second = await enter('second', skewMs)
    await clock.advance(60_000)
    expect([first.isLeading, second.isLeading]).toEqual([true, false])
    const diedMs = clock.now()
    first.connection.state = 'away'
    await clock.advance(60_000)
    expect([first.isLeading, second.isLeading]).toEqual([false, true])
    expect(second.wonMs - diedMs).toBeLessThanOrEqual(16_000)
  },
)

test('a clock that is set by five minutes while it leads costs no leadership', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  const second = await enter('second')
  for (const skewMs of [-fiveMinutesMs, fiveMinutesMs, 0]) {
    first.skewMs = skewMs
    await clock.advance(30_000)
    expect([first.isLeading, second.isLeading]).toEqual([true, false])
  }
  expect(server.lease?.leaseTransitions).toBe(0)
})

test('a Lease that is given back is taken within a second', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  const second = await enter('second')
  await clock.advance(10_000)
  await first.leadership?.[Symbol.asyncDispose]()
  expect(server.lease).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
  expect(first.leadership?.lost.aborted).toBe(false)
  expect(await first.metric()).toEqual([0])
  await clock.advance(1000)
  expect(second.isLeading).toBe(true)
  await clock.advance(60_000)
  expect(server.lease).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 })
})

test('of several candidates for a free Lease one wins', async () => {
  const { clock, server, enter } = election()
  server.lease = {
    ...key,
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: '',
    renewTime: '',
    leaseTransitions: 6,
  }
  const candidates = await Promise.all(['a', 'b', 'c'].map((identity) => enter(identity)))
  await clock.advance(60_000)
  expect(candidates.filter(({ isLeading }) => isLeading)).toHaveLength(1)
  expect(server.lease.leaseTransitions).toBe(7)
})

test.for(['away', 'frozen', 'mute'] as const)(
  'an API server that is %s for less than the renew deadline costs no leadership',
  async (state) => {
    const { clock, server, enter } = election()
    const first = await enter('first')
    const second = await enter('second')
    await clock.advance(10_500)
    first.connection.state = state
    await clock.advance(6000)
    first.connection.state = 'well'
    await clock.advance(60_000)
    expect([first.isLeading, second.isLeading]).toEqual([true, false])
    expect(server.lease?.leaseTransitions).toBe(0)
  },
)

test.for(['away', 'frozen'] as const)(
  'a leader whose API server is %s stops 10 s after it last renewed, before anybody may lead',
  async (state) => {
    const { clock, enter } = election()
    const first = await enter('first')
    const second = await enter('second')
    await clock.advance(10_500)
    first.connection.state = state
    await clock.advance(9499)
    expect(first.isLeading).toBe(true)
    await clock.advance(1)
    expect([first.isLeading, first.why, second.isLeading]).toEqual([false, 'NotRenewed', false])
    expect(await first.metric()).toEqual([0])
    await clock.advance(6000)
    expect(second.isLeading).toBe(true)
  },
)

test('who lost the Lease to an outage that nobody used takes it again at once when that is over', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  await clock.advance(10_000)
  first.connection.state = 'away'
  await clock.advance(60_000)
  expect(first.why).toBe('NotRenewed')
  await first.leadership?.[Symbol.asyncDispose]()
  const again = await enter('first')
  expect(again.isLeading).toBe(true)
  expect(server.lease).toMatchObject({ holderIdentity: 'first', leaseTransitions: 0 })
})

test('a leader that slept longer than its Lease lasts knows that another may lead', async () => {
  const { clock, enter } = election()
  const first = await enter('first')
  await clock.advance(10_000)
  first.connection.state = 'frozen'
  clock.sleep(15_000)
  await clock.advance(0)
  expect([first.isLeading, first.why]).toEqual([false, 'Taken'])
})

test('a Lease that somebody writes another holder into is lost at the next renewal', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  await clock.advance(10_000)
  server.lease = { ...server.lease!, holderIdentity: 'by hand' }
  await clock.advance(2000)
  expect([first.isLeading, first.why]).toEqual([false, 'Taken'])
  await first.leadership?.[Symbol.asyncDispose]()
  expect(server.lease.holderIdentity).toBe('by hand')
})

test('a Lease that is deleted goes to whoever makes it again, and to nobody else', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  const second = await enter('second')
  await clock.advance(10_500)
  server.lease = undefined
  await clock.advance(60_000)
  expect([first.isLeading, second.isLeading].filter(Boolean)).toHaveLength(1)
  expect(server.lease).toMatchObject({ holderIdentity: second.isLeading ? 'second' : 'first' })
})

test('a leader that nobody competes with makes a deleted Lease again and goes on', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  await clock.advance(10_000)
  server.lease = undefined
  await clock.advance(2000)
  expect(first.isLeading).toBe(true)
  expect(server.lease).toMatchObject({ holderIdentity: 'first' })
})

test('changes of labels are no sign of life', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  const second = await enter('second')
  await clock.advance(10_500)
  first.connection.state = 'away'
  for (let second = 0; second < 16; second += 1) {
    // The same record under a new resourceVersion.
    if (server.lease?.holderIdentity === 'first') server.lease = { ...server.lease }
    await clock.advance(1000)
  }
  expect(second.isLeading).toBe(true)
})

test('a Lease is given back also after a renewal whose answer never came', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  await clock.advance(10_000)
  first.connection.state = 'mute'
  await clock.advance(2000)
  const closed = first.leadership?.[Symbol.asyncDispose]()
  first.connection.state = 'well'
  await settled()
  await closed
  expect(server.lease?.holderIdentity).toBe('')
})

test('stopping does not wait long for an API server that does not answer', async () => {
  const { clock, server, enter } = election()
  const first = await enter('first')
  await clock.advance(10_000)
  first.connection.state = 'frozen'
  let isClosed = false
  const closed = first.leadership?.[Symbol.asyncDispose]().then(() => (isClosed = true))
  await clock.advance(4999)
  expect(isClosed).toBe(false)
  await clock.advance(1)
  expect([isClosed, clock.timers]).toEqual([true, 0])
  await closed
  expect(server.lease?.holderIdentity).toBe('first')
})

test('a candidate that is told to stop says why and leaves nothing running', async () => {
  const { clock, enter } = election()
  await enter('first')
  const second = await enter('second')
  await clock.advance(10_000)
  second.stop.abort(new Error('enough'))
  expect(await second.campaigned).toEqual(new Error('enough'))
})

const step = fc.record({
  who: fc.nat(2),
  state: fc.constantFrom('well', 'well', 'away', 'frozen', 'mute'),
  skewMs: fc.integer({ min: -fiveMinutesMs, max: fiveMinutesMs }),
  waitMs: fc.integer({ min: 1, max: 20_000 }),
  isClosed: fc.boolean(),
} as const)

test('whatever connections and clocks do, no two lead at the same time, and one does once all is well', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { clock, enter } = election()
      const candidates = [await enter('a'), await enter('b'), await enter('c')]
      const leading = () => candidates.filter(({ isLeading }) => isLeading)
      const close = async (index: number) => {
        const { leadership, connection } = candidates[index]!
        if (leadership === undefined) return
        const closed = leadership[Symbol.asyncDispose]()
        await clock.advance(15_000)
        await closed
        const { state } = connection
        candidates[index] = await enter(`${index} at ${clock.now()}`)
        candidates[index].connection.state = state
      }
      for (const { who, state, skewMs, waitMs, isClosed } of steps) {
        candidates[who]!.connection.state = state
        candidates[who]!.skewMs = skewMs
        for (let passedMs = 0; passedMs < waitMs; passedMs += 500) {
          await clock.advance(500)
          expect(leading().length).toBeLessThanOrEqual(1)
        }
        if (isClosed) await close(who)
      }
      for (const [index, { connection, leadership }] of candidates.entries()) {
        connection.state = 'well'
        if (leadership?.lost.aborted === true) await close(index)
      }
      await clock.advance(40_000)
      expect(leading()).toHaveLength(1)
    }),
    { numRuns: 50 },
  )
})
