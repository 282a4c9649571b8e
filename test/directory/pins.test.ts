import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type EvaluationDirectories,
  inGroup,
  newEvaluationTenant,
  openEvaluationDirectories,
  specOf,
} from '#test/kit/evaluation.ts'

let directories: EvaluationDirectories
beforeAll(async () => {
  directories = await openEvaluationDirectories()
})
afterAll(() => directories[Symbol.asyncDispose]())
const newTenant = () => newEvaluationTenant(directories)

test('a group can be named by displayName in any case, by externalId and by id', async () => {
  const t = newTenant()
  const ann = await t.user('ann')
  const [a, b, c] = [
    await t.group('Größe', [ann]),
    await t.group('B', [ann], { externalId: '00g1' }),
    await t.group('C', [ann]),
  ]
  const policy = await t.policy(
    specOf('Many', {
      name: [{ anyGroup: [{ displayName: 'GRÖSSE' }] }, 'no'],
      folded: [{ anyGroup: [{ displayName: 'gRÖßE' }] }, 'a'],
      external: [{ anyGroup: [{ externalId: '00g1' }] }, 'b'],
      exact: [{ anyGroup: [{ externalId: '00G1' }] }, 'no'],
      id: [{ anyGroup: [{ id: c }] }, 'c'],
    }),
  )
  await t.settle()
  expect(await t.held(ann)).toEqual(['a by folded', 'b by external', 'c by id'])
  expect(await t.problems(policy)).toEqual(['GroupNotFound in name', 'GroupNotFound in exact'])
  expect(new Set([a, b, c]).size).toBe(3)
})

test('of two groups with one externalId the older is meant', async () => {
  const t = newTenant()
  const [ann, bob] = [await t.user('ann'), await t.user('bob')]
  await t.group('Older', [ann], { externalId: 'x' })
  await t.group('Newer', [bob], { externalId: 'x' })
  await t.policy(specOf('Many', { x: [{ anyGroup: [{ externalId: 'x' }] }, 'v'] }))
  await t.settle()
  expect([await t.held(ann), await t.held(bob)]).toEqual([['v by x'], []])
})

describe('a group that is not known yet', () => {
  test('is a problem until it appears, and then its members are evaluated', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    const policy = await t.policy(specOf('One', { staff: [inGroup('Staff'), 'mac'] }))
    await t.settle()
    expect((await t.state(policy)).problems).toEqual([
      {
        reason: 'GroupNotFound',
        rule: 'staff',
        selector: 'group "Staff"',
        message: 'Rule "staff": there is no group "Staff" so far',
      },
    ])
    await t.group('Staff', [ann])
    await t.settle()
    expect(await t.held(ann)).toEqual(['mac by staff'])
    expect(await t.problems(policy)).toEqual([])
  })

  test('may be an old group that gets the name', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    const group = await t.group('Crew', [ann])
    await t.policy(specOf('One', { staff: [inGroup('Staff'), 'mac'] }))
    await t.settle()
    expect(await t.held(ann)).toEqual([])
    await t.renameGroup(group, 'Staff')
    await t.settle()
    expect(await t.held(ann)).toEqual(['mac by staff'])
  })

  test('excludes nobody, so the rule matches nobody until it appears, and then all who are outside of it', async () => {
    const t = newTenant()
    const [ann, bob] = [await t.user('ann'), await t.user('bob')]
    const policy = await t.policy(
      specOf('One', { staff: [{ noGroup: [{ displayName: 'External' }] }, 'mac'] }),
    )
    await t.settle()
    expect([await t.held(ann), await t.held(bob)]).toEqual([[], []])
    await t.group('External', [bob])
    await t.settle(1)
    expect([await t.held(ann), await t.held(bob)]).toEqual([['mac by staff'], []])
    expect(await t.state(policy)).toMatchObject({ users: 1, progress: null, problems: [] })
  })

  test('does not keep the other groups of the rule from counting', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    await t.group('Staff', [ann])
    await t.policy(
      specOf('One', { it: [{ anyGroup: [{ displayName: 'Later' }, { displayName: 'Staff' }] }, 'mac'] }),
    )
    await t.settle()
    expect(await t.held(ann)).toEqual(['mac by it'])
  })
})

describe('a renamed group', () => {
  test('is still meant, is reported, and is no problem once it has its name again', async () => {
    const t = newTenant()
    const [ann, bob] = [await t.user('ann'), await t.user('bob')]
    const group = await t.group('Staff', [ann])
    const policy = await t.policy(specOf('One', { staff: [inGroup('Staff'), 'mac'] }))
    await t.settle()
    await t.renameGroup(group, 'Crew')
    await t.group('Staff', [bob])
    await t.settle()
    expect([await t.held(ann), await t.held(bob)]).toEqual([['mac by staff'], []])
    expect((await t.state(policy)).problems).toEqual([
      {
        reason: 'GroupRenamed',
        rule: 'staff',
        selector: 'group "Staff"',
        message: 'Rule "staff": group "Staff" is now called "Crew"; the rule still means that group',
      },
    ])
  })

  test('keeps its pin when the policy changes', async () => {
    const t = newTenant()
    const [ann, bob] = [await t.user('ann'), await t.user('bob')]
    const group = await t.group('Staff', [ann])
    const policy = await t.policy(specOf('One', { staff: [inGroup('Staff'), 'mac'] }))
    await t.settle()
    await t.renameGroup(group, 'Crew')
    await t.group('Staff', [bob])
    await t.policy(specOf('One', { staff: [inGroup('Staff'), 'pc'] }), policy, 2)
    await t.settle()
    expect([await t.held(ann), await t.held(bob)]).toEqual([['pc by staff'], []])
    await t.renameGroup(group, 'STAFF 2')
    await t.settle()
    expect(await t.problems(policy)).toEqual(['GroupRenamed in staff'])
  })
})

describe('a deleted group', () => {
  test('takes what its rule gave, also to members of other groups, until the policy changes', async () => {
    const t = newTenant()
    const [ann, bob] = [await t.user('ann'), await t.user('bob')]
    const staff = await t.group('Staff', [ann])
    await t.group('Board', [bob])
    const spec = specOf(
      'One',
      { it: [{ anyGroup: [{ displayName: 'Staff' }, { displayName: 'Board' }] }, 'mac'] },
      'none',
    )
    const policy = await t.policy(spec)
    await t.settle()
    await t.deleteGroup(staff)
    await t.settle(1)
    expect([await t.held(ann), await t.held(bob)]).toEqual([['none by default'], ['none by default']])
    expect(await t.problems(policy)).toEqual(['GroupMissing in it'])
    await t.group('Staff', [ann])
    await t.settle()
    expect(await t.problems(policy)).toEqual(['GroupMissing in it'])
    await t.policy(spec, policy, 2)
    await t.settle()
    expect([await t.held(ann), await t.held(bob)]).toEqual([['mac by it'], ['mac by it']])
    expect(await t.problems(policy)).toEqual([])
  })

  test('is not known any more once the policy changes and nobody has its name', async () => {
    const t = newTenant()
    const staff = await t.group('Staff')
    const policy = await t.policy(specOf('One', { staff: [inGroup('Staff'), 'mac'] }))
    await t.settle()
    await t.deleteGroup(staff)
    await t.settle()
    await t.policy(specOf('One', { staff: [inGroup('Staff'), 'pc'] }), policy, 2)
    await t.settle()
    expect(await t.problems(policy)).toEqual(['GroupNotFound in staff'])
  })

  test('that a rule excludes leaves the rule without a match, not everybody with one', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    const external = await t.group('External')
    await t.policy(specOf('One', { staff: [{ noGroup: [{ displayName: 'External' }] }, 'mac'] }))
    await t.settle()
    expect(await t.held(ann)).toEqual(['mac by staff'])
    await t.deleteGroup(external)
    await t.settle()
    expect(await t.held(ann)).toEqual([])
  })
})

test('members who join and leave a group are evaluated', async () => {
  const t = newTenant()
  const [ann, bob] = [await t.user('ann'), await t.user('bob')]
  const staff = await t.group('Staff', [ann])
  await t.policy(specOf('One', { staff: [inGroup('Staff'), 'mac'] }))
  await t.settle()
  await t.join(staff, bob, 'late')
  await t.leave(staff, ann)
  await t.settle()
  expect([await t.held(ann), await t.held(bob)]).toEqual([[], ['mac by staff']])
  const late = await t.user('late', { externalId: 'late' })
  await t.settle()
  expect(await t.held(late)).toEqual(['mac by staff'])
})
