import { expect, test } from 'vitest'

import { tokenExpiring, tokensStatus } from '#operator/tenant/token-report.ts'
import { aTokenLife, day } from '#test/kit/token-life.ts'

test('the end of a token is announced 30, 7 and 1 days before, and only for the token in use', () => {
  const life = aTokenLife({ ttlSeconds: 180 * day, overlapSeconds: 5 * day })
  life.step()
  const reasons: string[] = []
  const look = () => reasons.push(tokenExpiring(life.records, life.now).reason)
  life.pass(150 * day - 1)
  look()
  for (const seconds of [1, 23 * day, 6 * day]) {
    life.pass(seconds)
    look()
  }
  life.rotate('a')
  look()
  expect(reasons).toEqual([
    'NotExpiring',
    'ExpiresWithin30Days',
    'ExpiresWithin7Days',
    'ExpiresWithinOneDay',
    'NotExpiring',
  ])
})

test('a token with a short life is announced at the last third of it', () => {
  const life = aTokenLife({ ttlSeconds: 3 * day, overlapSeconds: 0 })
  life.step()
  life.pass(2 * day - 1)
  expect(tokenExpiring(life.records, life.now).status).toBe('False')
  life.pass(1)
  expect(tokenExpiring(life.records, life.now)).toMatchObject({
    status: 'True',
    reason: 'ExpiresWithinOneDay',
  })
})

test('the status shows the day of last use and never a hash', () => {
  const life = aTokenLife()
  const decision = life.step()
  const { id } = life.records[0]!
  const lastUsed = new Map([[id, new Date('2026-11-21T00:00:00Z')]])
  const owner = { namespace: 'acme', name: 'okta', uid: 'u' }
  const status = tokensStatus(decision, { owner, now: life.now, before: {}, lastUsed })
  expect(status.tokens?.[0]).toEqual({
    id,
    state: 'Active',
    createdTime: '2026-11-22T10:00:00Z',
    expirationTime: '2027-05-21T10:00:00Z',
    lastUsedTime: '2026-11-21T00:00:00Z',
  })
})
