import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, type HeldAssignment } from '#assignment/compare.ts'

const held = (userId: string, value: string, rule: string | null = 'r'): HeldAssignment => ({
  userId,
  value,
  rule,
})

test('a value by another rule is kept, and carries the rule that gives it now', () => {
  const before = [held('ann', 'mac', 'old'), held('bob', 'mac'), held('bob', 'vpn')]
  const after = [held('ann', 'mac', 'new'), held('bob', 'vpn'), held('cem', 'mac')]
  expect(compare(before, after)).toEqual({
    granted: [held('cem', 'mac')],
    revoked: [held('bob', 'mac')],
    kept: [held('ann', 'mac', 'new'), held('bob', 'vpn')],
  })
})

const sets = fc.uniqueArray(
  fc.record({
    userId: fc.constantFrom('a', 'b', 'c', 'a b'),
    value: fc.constantFrom('x', 'y', 'b x', ' x'),
    rule: fc.constantFrom('1', '2', null),
  }),
  { selector: ({ userId, value }) => JSON.stringify([userId, value]) },
)

const pairs = (assignments: readonly HeldAssignment[]) =>
  assignments.map(({ userId, value }) => JSON.stringify([userId, value])).toSorted()

test('taking the revoked away from before and adding the granted gives after', () => {
  fc.assert(
    fc.property(sets, sets, (before, after) => {
      const { granted, revoked, kept } = compare(before, after)
      expect(pairs([...kept, ...granted])).toEqual(pairs(after))
      expect(pairs([...kept, ...revoked])).toEqual(pairs(before))
    }),
  )
})
