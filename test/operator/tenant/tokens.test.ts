import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { sequenceOf } from '#operator/tenant/names.ts'
import { aTokenLife, day, hour } from '#test/kit/token-life.ts'

import type { TokenLife } from '#test/kit/token-life.ts'

const names = (life: TokenLife) => life.deliveries.map(({ secretName }) => secretName)
const states = (life: TokenLife) =>
  (life.status.tokens ?? []).map(({ id, state }) => `${sequenceOf(id)} ${state}`)

describe('issue and delivery', () => {
  test('the first token is issued once and waits to be taken', () => {
    const life = aTokenLife()
    expect(life.step().issue?.sequence).toBe(1)
    expect(life.step().issue).toBeUndefined()
    expect([life.valid, names(life).length, life.reason]).toEqual([[1], 1, 'AwaitingAcknowledgement'])
  })

  test('an acknowledged delivery goes, and the token stays', () => {
    const life = aTokenLife()
    life.step()
    life.acknowledge()
    expect(life.step().drop.map(({ reason }) => reason)).toEqual(['Acknowledged'])
    expect([life.valid, names(life), life.reason]).toEqual([[1], [], 'Issued'])
    expect(life.status.delivery?.state).toBe('Acknowledged')
  })

  test('a delivery that nobody takes goes after its time; the token still works and the status says so', () => {
    const life = aTokenLife()
    life.step()
    life.pass(hour - 1)
    expect(names(life)).toHaveLength(1)
    life.pass(1)
    expect([life.valid, names(life), life.reason]).toEqual([[1], [], 'DeliveryExpired'])
  })

  test('a delivery deleted by hand counts as taken', () => {
    const life = aTokenLife()
    life.step()
    life.deliveries = []
    expect(life.step().issue).toBeUndefined()
    expect([life.status.delivery?.state, life.reason]).toEqual(['Acknowledged', 'Issued'])
  })
})

describe('a crash', () => {
  const once = [0, 1, 2, 3, 4].map((writes) => ({ writes }))

  test.for(once)(
    'at the first issue, after $writes of 4 writes, leaves one token that its delivery holds',
    ({ writes }) => {
      const life = aTokenLife()
      life.crashAfter(writes)
      life.step()
      life.step()
      expect([life.valid, life.deliveries.map(({ tokenId }) => sequenceOf(tokenId))]).toEqual([[1], [1]])
    },
  )

  test.for(once)(
    'at a rotation, after $writes of 4 writes, rotates exactly once and keeps the overlap',
    ({ writes }) => {
      const life = aTokenLife()
      life.step()
      life.acknowledge()
      life.step()
      life.wish = { ...life.wish!, requestID: 'a' }
      life.crashAfter(writes)
      life.now = new Date(life.now.getTime() + 60_000)
      life.step()
      life.step()
      expect([life.valid, life.done.requestID, life.status.rotation?.lastRequestID]).toEqual([
        [2, 1],
        'a',
        'a',
      ])
      life.pass(day + 60)
      expect(life.valid).toEqual([2])
    },
  )

  test('during which the unfinished delivery ran out ends with a new token, since nobody can have the old one', () => {
    const life = aTokenLife()
    life.crashAfter(1)
    life.now = new Date(life.now.getTime() + 2 * hour * 1000)
    life.step()
    life.step()
    expect([life.valid, life.deliveries.map(({ tokenId }) => sequenceOf(tokenId))]).toEqual([[2], [2]])
  })

  test('between the removal of a delivery and the status is not taken for an open delivery', () => {
    const life = aTokenLife()
    life.step()
    life.acknowledge()
    life.crashAfter(3)
    life.step()
    expect(life.status.delivery?.state).toBe('Acknowledged')
  })
})

describe('rotation', () => {
  test('a new requestID issues one token; the one before it works until the overlap ends', () => {
    const life = aTokenLife()
    life.step()
    life.rotate('2026-12')
    expect([life.valid, states(life)]).toEqual([
      [2, 1],
      ['2 Active', '1 Retiring'],
    ])
    life.pass(day - 1)
    expect(life.valid).toEqual([2, 1])
    life.pass(1)
    expect([life.valid, states(life)]).toEqual([[2], ['2 Active', '1 Expired']])
    expect(life.rotate('2026-12').issue).toBeUndefined()
  })

  test('at most two tokens work at once: a second rotation in the overlap ends the oldest', () => {
    const life = aTokenLife()
    life.step()
    life.rotate('a')
    life.rotate('b')
    expect(life.valid).toEqual([3, 2])
    expect(life.deliveries.map(({ tokenId }) => sequenceOf(tokenId))).toEqual([3])
  })

  test('without an overlap the old token ends at once', () => {
    const life = aTokenLife({ overlapSeconds: 0 })
    life.step()
    life.rotate('a')
    expect(life.valid).toEqual([2])
  })

  test('a requestID that is there from the start causes no second token', () => {
    const life = aTokenLife({ requestID: 'initial' })
    life.step()
    life.step()
    expect([life.valid, life.status.rotation?.lastRequestID]).toEqual([[1], 'initial'])
  })

  test('a request is remembered though the status is lost, and though the Secret of records is', () => {
    const life = aTokenLife()
    life.step()
    life.rotate('a')
    life.acknowledge()
    life.step()
    life.status = {}
    expect(life.step().issue).toBeUndefined()
    life.done = { requestID: 'a', source: 'Generated' }
    expect(life.step().issue).toBeUndefined()
  })

  test('records of dead tokens are forgotten after a week', () => {
    const life = aTokenLife()
    life.step()
    life.rotate('a')
    life.pass(8 * day - 10)
    expect(states(life)).toEqual(['2 Active', '1 Expired'])
    life.pass(20)
    expect(states(life)).toEqual(['2 Active'])
  })

  test('the status never shows more than four tokens, however often somebody rotates', () => {
    const life = aTokenLife()
    life.step()
    for (let time = 0; time < 9; time += 1) life.rotate(`r${time}`)
    expect(states(life)).toEqual(['10 Active', '9 Retiring', '8 Expired', '7 Expired'])
  })
})

describe('the end of tokens', () => {
  test('a revoked token is dead at once, and no other is minted for it', () => {
    const life = aTokenLife()
    life.step()
    life.revoked = [life.records[0]!.id]
    const decision = life.step()
    expect([decision.ended.map(({ how }) => how), life.valid, life.reason]).toEqual([
      ['Revoked'],
      [],
      'TokenRevoked',
    ])
    expect(names(life)).toEqual([])
    expect(life.step().issue).toBeUndefined()
    life.revoked = []
    expect(life.step().issue).toBeUndefined()
    life.rotate('again')
    expect(life.valid).toEqual([2])
  })

  test('a token expires, and only a request issues another', () => {
    const life = aTokenLife({ ttlSeconds: 10 * day })
    life.step()
    life.pass(10 * day)
    expect([life.valid, life.reason]).toEqual([[], 'TokenExpired'])
    life.pass(30 * day)
    expect(life.valid).toEqual([])
    life.rotate('a')
    expect(life.valid).toEqual([2])
  })

  test('when both records are gone the token is lost and stays lost until somebody asks for another', () => {
    const life = aTokenLife()
    life.step()
    life.acknowledge()
    life.step()
    life.records = []
    life.done = { source: 'Generated' }
    expect(life.step().issue).toBeUndefined()
    expect([life.reason, states(life)]).toEqual(['TokenLost', ['1 Lost']])
    life.pass(30 * day)
    expect([life.reason, life.valid]).toEqual(['TokenLost', []])
    life.rotate('recover')
    expect([life.valid, states(life), life.reason]).toEqual([[2], ['2 Active'], 'AwaitingAcknowledgement'])
  })

  test('a token whose records are gone comes back from its delivery, if that is still there', () => {
    const life = aTokenLife()
    life.step()
    life.records = []
    life.step()
    expect([life.valid, life.reason]).toEqual([[1], 'AwaitingAcknowledgement'])
  })

  test('an old record that somebody puts back does not work again', () => {
    const life = aTokenLife()
    life.step()
    const [old] = life.records
    life.rotate('a')
    life.pass(10 * day)
    life.records = [...life.records, { ...old!, retires: null }]
    life.step()
    expect(life.valid).toEqual([2])
  })

  test('an old delivery that somebody puts back is thrown away', () => {
    const life = aTokenLife({ deliveryTtlSeconds: day })
    life.step()
    const [old] = life.deliveries
    life.rotate('a')
    life.deliveries = [...life.deliveries, old!]
    const decision = life.step()
    expect([decision.adopt, decision.drop.map(({ reason }) => reason)]).toEqual([[], ['Superseded']])
    expect(life.valid).toEqual([2, 1])
  })

  test('tokens of a reader that is no more are revoked; put back, it gets a new one', () => {
    const life = aTokenLife()
    const { wish } = life
    life.step()
    life.wish = undefined
    life.step()
    expect([life.valid, names(life)]).toEqual([[], []])
    Object.assign(life, { wish, done: {}, status: {} })
    life.step()
    expect(life.valid).toEqual([2])
  })

  test('an id that was revoked beforehand is never given out', () => {
    const life = aTokenLife()
    life.revoked = [life.look().issue!.id]
    life.step()
    expect(life.valid).toEqual([2])
  })
})

test('as long as a due token cannot be issued, the one before it neither ends nor retires', () => {
  const life = aTokenLife()
  life.step()
  life.acknowledge()
  life.step()
  life.problem = 'something stands in its place'
  const decision = life.rotate('a')
  expect([decision.issue, decision.problem]).toEqual([undefined, 'something stands in its place'])
  expect([life.valid, life.records[0]?.retires, life.reason]).toEqual([[1], null, 'Issued'])
  life.problem = undefined
  life.step()
  expect(life.valid).toEqual([2, 1])
})

test('whatever happens in whatever order: two tokens at most, a second look changes nothing, the newest has no end', () => {
  const deed = fc.oneof(
    fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 40 * day }) }),
    fc.record({ do: fc.constant('rotate' as const), id: fc.string({ minLength: 1, maxLength: 3 }) }),
    fc.record({ do: fc.constant('crash' as const), writes: fc.integer({ min: 0, max: 4 }) }),
    fc.record({
      do: fc.constantFrom(
        'acknowledge' as const,
        'revoke' as const,
        'loseStatus' as const,
        'takeDelivery' as const,
      ),
    }),
  )
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 25 }), (deeds) => {
      const life = aTokenLife({ ttlSeconds: 90 * day })
      life.step()
      for (const deed of deeds) {
        if (deed.do === 'pass') life.pass(deed.seconds)
        if (deed.do === 'rotate') life.wish = { ...life.wish!, requestID: deed.id }
        if (deed.do === 'crash') life.crashAfter(deed.writes)
        if (deed.do === 'acknowledge') life.acknowledge()
        if (deed.do === 'revoke')
          life.revoked = [...life.revoked, ...life.records.slice(0, 1).map(({ id }) => id)].slice(-16)
        if (deed.do === 'loseStatus') life.status = {}
        if (deed.do === 'takeDelivery') life.deliveries = []
        life.step()
        const again = life.look()
        expect(life.valid.length).toBeLessThanOrEqual(2)
        expect(life.deliveries.length).toBeLessThanOrEqual(1)
        expect([again.issue, again.adopt, again.drop, again.forget, again.ended]).toEqual([
          undefined,
          [],
          [],
          [],
          [],
        ])
        expect(
          life.records.filter(
            ({ retires, revoked, expires }) =>
              retires === null && revoked === null && (expires === null || expires > life.now),
          ).length,
        ).toBeLessThanOrEqual(1)
        expect(new Set(life.records.map(({ id }) => id)).size).toBe(life.records.length)
      }
    }),
    {
      numRuns: 400,
      // A token that expired has had its end and needs none.
      examples: [
        [
          [
            { do: 'pass', seconds: 40 * day },
            { do: 'pass', seconds: 40 * day },
            { do: 'pass', seconds: 10 * day },
            { do: 'rotate', id: 'a' },
          ],
        ],
      ],
    },
  )
})
