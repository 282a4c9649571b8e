import { describe, expect, test } from 'vitest'

import { membersOnly } from '#scim/patch/members-only.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { MembershipStep } from '#scim/resource.ts'

const stepsOf = (...Operations: readonly object[]): readonly MembershipStep[] | undefined =>
  membersOnly(parsePatch({ Operations }, groupType).operations, 'g1', groupType)

describe('a PATCH that touches nothing but members', () => {
  test('is known by its operations alone and gives merged steps', () => {
    expect(
      stepsOf(
        { op: 'add', path: 'members', value: [{ value: 'a' }] },
        { op: 'add', value: { members: [{ value: 'b' }] } },
        { op: 'remove', path: 'members[value eq "c"]' },
      ),
    ).toEqual([
      { kind: 'add', values: ['a', 'b'] },
      { kind: 'remove', values: ['c'] },
    ])
  })

  test('may repeat the id of its group, and no other', () => {
    const add = { op: 'add', path: 'members', value: [{ value: 'a' }] }
    expect(stepsOf(add, { op: 'replace', path: 'id', value: 'g1' })).toHaveLength(1)
    expect(() => stepsOf(add, { op: 'replace', path: 'id', value: 'g2' })).toThrow(
      expect.objectContaining({ scimType: 'mutability' }),
    )
  })

  test('refuses a member value that no index could hold, as the whole way does', () => {
    expect(() => stepsOf({ op: 'add', path: 'members', value: [{ value: 'x'.repeat(3000) }] })).toThrow(
      expect.objectContaining({ scimType: 'invalidValue' }),
    )
  })

  test('is not one that also says something about the document, or is about a type without members', () => {
    expect(stepsOf({ op: 'replace', value: { displayName: 'x', members: [] } })).toBeUndefined()
    const { operations } = parsePatch({ Operations: [{ op: 'remove', path: 'title' }] }, userType)
    expect(membersOnly(operations, 'u1', userType)).toBeUndefined()
  })
})
