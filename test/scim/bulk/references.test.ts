import { describe, expect, test } from 'vitest'

import { postpone } from '#scim/bulk/postpone.ts'
import { referencesIn, withIds } from '#scim/bulk/references.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { schemaUrns } from '#scim/urns.ts'
import { refusal } from '#test/kit/refusal.ts'

const { enterpriseUser } = schemaUrns

describe('references of bulk operations', () => {
  test('are found wherever a text is one as a whole, and between the quotes of a PATCH path', () => {
    const body = {
      members: [{ value: 'bulkId:a' }, { value: 'a' }],
      [enterpriseUser]: { manager: { value: 'bulkId:b' } },
      title: 'see bulkId:c',
      Operations: [{ path: 'members[value eq "bulkId:d"]' }, { path: 'emails[value eq "bulkId"]' }],
    }
    expect([...referencesIn(body)]).toEqual(['a', 'b', 'd'])
    expect(withIds(body, (bulkId) => `id-${bulkId}`)).toEqual({
      members: [{ value: 'id-a' }, { value: 'a' }],
      [enterpriseUser]: { manager: { value: 'id-b' } },
      title: 'see bulkId:c',
      Operations: [{ path: 'members[value eq "id-d"]' }, { path: 'emails[value eq "bulkId"]' }],
    })
  })

  test('that cannot be followed yet are taken out of a body, and added by a PATCH', () => {
    const members = [{ value: 'bulkId:a' }, { value: 'bulkId:b' }, { value: 'x' }]
    const { body, completion } = postpone({ displayName: 'Crew', members }, new Set(['b']), groupType)
    expect(body).toEqual({ displayName: 'Crew', members: [{ value: 'bulkId:a' }, { value: 'x' }] })
    expect(completion).toMatchObject({
      Operations: [{ op: 'add', path: 'members', value: [{ value: 'bulkId:b' }] }],
    })
  })

  test('that cannot be followed yet leave the rest of an extension where it is', () => {
    const extension = { manager: { value: 'bulkId:b' }, department: 'R&D' }
    const { body, completion } = postpone(
      { userName: 'a', [enterpriseUser]: extension },
      new Set(['b']),
      userType,
    )
    expect(body).toEqual({ userName: 'a', [enterpriseUser]: { department: 'R&D' } })
    expect(completion).toMatchObject({
      Operations: [{ op: 'add', path: `${enterpriseUser}:manager`, value: { value: 'bulkId:b' } }],
    })
  })

  test('in a circle through a required attribute are a conflict', () => {
    expect(() => postpone({ displayName: 'bulkId:b' }, new Set(['b']), groupType)).toThrow(refusal(409))
  })
})
