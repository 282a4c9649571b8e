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

describe('who gets what', () => {
  test('under One a user gets the values of the first rule that matches, and else the default', async () => {
    const t = newTenant()
    const ann = await t.user('ann', { title: 'Contractor' })
    const bob = await t.user('bob')
    await t.group('Staff', [ann, bob])
    const cem = await t.user('cem')
    await t.policy(
      specOf(
        'One',
        {
          contractors: [{ where: 'title co "contract"' }, 'locked', 'vpn'],
          staff: [inGroup('staff'), 'mac'],
        },
        'none',
      ),
    )
    await t.settle()
    expect(await t.held(ann)).toEqual(['locked by contractors', 'vpn by contractors'])
    expect(await t.held(bob)).toEqual(['mac by staff'])
    expect(await t.held(cem)).toEqual(['none by default'])
  })

  test('under Many a user gets the values of every rule that matches, each by the first that gives it', async () => {
    const t = newTenant()
    const ann = await t.user('ann', { title: 'Contractor' })
    await t.group('Staff', [ann])
    const bob = await t.user('bob')
    await t.policy(
      specOf('Many', {
        staff: [inGroup('Staff'), 'mac', 'vpn'],
        contractors: [{ where: 'title pr' }, 'vpn', 'badge'],
      }),
    )
    await t.settle()
    expect(await t.held(ann)).toEqual(['badge by contractors', 'mac by staff', 'vpn by staff'])
    expect(await t.held(bob)).toEqual([])
  })

  test('all groups, no group and a filter hold together', async () => {
    const t = newTenant()
    const [both, one, excluded, untitled] = await Promise.all(
      ['both', 'one', 'excluded', 'untitled'].map((name) =>
        t.user(name, name === 'untitled' ? {} : { title: 'x' }),
      ),
    )
    await t.group('A', [both!, one!, excluded!, untitled!])
    await t.group('B', [both!, excluded!, untitled!])
    await t.group('C', [excluded!])
    const match = {
      allGroups: [{ displayName: 'A' }, { displayName: 'B' }],
      noGroup: [{ displayName: 'C' }],
      where: 'title pr',
    }
    await t.policy(specOf('Many', { it: [match, 'v'] }))
    await t.settle()
    expect((await t.assignments()).map(({ userId }) => userId)).toEqual([both])
  })

  test('several policies of a tenant each give their own', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    const first = await t.policy(specOf('One', {}, 'a'))
    const second = await t.policy(specOf('Many', { everybody: [{ where: 'userName pr' }, 'a'] }))
    await t.settle()
    expect(await t.assignments()).toHaveLength(2)
    await t.deleteUser(ann)
    await t.settle()
    expect([await t.state(first), await t.state(second)]).toMatchObject([{ users: 0 }, { users: 0 }])
  })

  test('two tenants do not touch each other, whatever their groups are called', async () => {
    const [one, other] = [newTenant(), newTenant()]
    const ann = await one.user('ann')
    await one.group('Staff', [ann])
    const bob = await other.user('bob')
    await other.policy(specOf('Many', { staff: [inGroup('Staff'), 'mac'] }))
    await one.settle()
    await other.settle()
    expect([await one.held(ann), await other.held(bob)]).toEqual([[], []])
  })
})

describe('users who come, change and go', () => {
  test('K9: deactivation takes everything away, and reactivation gives it back with a new since', async () => {
    const t = newTenant()
    const ann = await t.user('ann', { active: true })
    const policy = await t.policy(specOf('One', {}, 'mac'))
    await t.settle()
    const [before] = await t.assignments()
    await t.changeUser(ann, { active: false })
    await t.settle()
    expect(await t.held(ann)).toEqual([])
    expect(await t.state(policy)).toMatchObject({ users: 0, counts: {} })
    await t.changeUser(ann, { active: true })
    await t.settle()
    const [after] = await t.assignments()
    expect(after!.since.getTime()).toBeGreaterThan(before!.since.getTime())
  })

  test('a value that is kept keeps its since, also when another rule gives it now', async () => {
    const t = newTenant()
    const ann = await t.user('ann', { title: 'a' })
    await t.policy(
      specOf('One', { a: [{ where: 'title eq "a"' }, 'v'], b: [{ where: 'title eq "b"' }, 'v'] }),
    )
    await t.settle()
    const [before] = await t.assignments()
    await t.changeUser(ann, { title: 'b' })
    await t.settle()
    expect(await t.assignments()).toEqual([{ ...before, rule: 'b' }])
  })

  test('a deleted user leaves the counts too', async () => {
    const t = newTenant()
    const [ann] = [await t.user('ann'), await t.user('bob')]
    const policy = await t.policy(specOf('One', {}, 'mac'))
    await t.settle()
    await t.deleteUser(ann)
    await t.settle()
    expect(await t.state(policy)).toMatchObject({ users: 1, counts: { mac: 1 } })
  })

  test('counts say users by value and users in all', async () => {
    const t = newTenant()
    const [ann, bob] = [
      await t.user('ann', { title: 'x' }),
      await t.user('bob', { title: 'x' }),
      await t.user('cem'),
    ]
    const policy = await t.policy(
      specOf('Many', {
        titled: [{ where: 'title pr' }, 'a', 'b'],
        bob: [{ where: 'userName eq "bob"' }, 'c'],
      }),
    )
    await t.settle()
    expect(await t.state(policy)).toMatchObject({ users: 2, counts: { a: 2, b: 2, c: 1 } })
    await t.changeUser(bob, { title: 'y', userName: 'bobby' })
    await t.changeUser(ann, { active: false })
    await t.settle()
    expect(await t.state(policy)).toMatchObject({ users: 1, counts: { a: 1, b: 1 } })
  })

  test('an evaluation says how many users it saw, what it changed, and how old the oldest change was', async () => {
    const t = newTenant()
    await t.policy(specOf('One', {}, 'mac'))
    await t.settle()
    const before = Date.now()
    await t.user('ann')
    await t.user('bob')
    const evaluated = await t.pending()
    expect(evaluated).toMatchObject({ kind: 'evaluated', users: 2, granted: 2, revoked: 0 })
    if (evaluated.kind !== 'evaluated') throw new Error('nothing was evaluated')
    expect(evaluated.oldest!.getTime()).toBeGreaterThanOrEqual(before)
    expect(await t.pending()).toEqual({ kind: 'idle' })
  })

  test('an evaluation takes no more marks than it may, and the rest stays', async () => {
    const t = newTenant()
    await t.policy(specOf('One', {}, 'mac'))
    await t.settle()
    for (let n = 0; n < 5; n += 1) await t.user(`user-${n}`)
    const seen: number[] = []
    for (let next = await t.pending(2); next.kind === 'evaluated'; next = await t.pending(2))
      seen.push(next.users)
    expect(seen).toEqual([2, 2, 1])
  })
})

const specIfX = (value: string) => specOf('One', { x: [{ where: 'title eq "x"' }, value] }, 'none')

describe('policies that come, change and go', () => {
  test('a changed policy evaluates everybody in batches, with a figure of progress, and then says so', async () => {
    const t = newTenant()
    for (let n = 0; n < 5; n += 1) await t.user(`user-${n}`)
    const policy = await t.policy(specOf('One', {}, 'old'))
    await t.settle()
    await t.policy(specOf('One', {}, 'new'), policy, 2)
    await t.pass(2)
    expect(await t.state(policy)).toMatchObject({
      generation: 1,
      progress: { generation: 2, evaluated: 2, total: 5 },
      counts: { old: 3, new: 2 },
    })
    await t.settle(2)
    expect(await t.state(policy)).toMatchObject({
      generation: 2,
      progress: null,
      users: 5,
      counts: { new: 5 },
    })
  })

  test('a policy that changes in the middle of a pass starts over', async () => {
    const t = newTenant()
    const users = await Promise.all(['a', 'b', 'c'].map((name) => t.user(name)))
    const policy = await t.policy(specOf('One', {}, 'first'))
    await t.pending()
    await t.pass(2)
    await t.policy(specOf('One', {}, 'second'), policy, 2)
    await t.settle(2)
    expect(await Promise.all(users.map((user) => t.held(user)))).toEqual(
      users.map(() => ['second by default']),
    )
    expect(await t.state(policy)).toMatchObject({ generation: 2, progress: null })
  })

  test('a user who changes in the middle of a pass ends right, on either side of it', async () => {
    const t = newTenant()
    const users = await Promise.all(Array.from({ length: 6 }, (_, n) => t.user(`user-${n}`)))
    const policy = await t.policy(specIfX('one'))
    await t.settle()
    await t.policy(specIfX('two'), policy, 2)
    await t.pass(3)
    for (const user of users) await t.changeUser(user, { title: 'x' })
    await t.pending()
    const late = await t.user('late', { title: 'x' })
    await t.settle(2)
    expect(await Promise.all([...users, late].map((user) => t.held(user)))).toEqual(
      [...users, late].map(() => ['two by x']),
    )
  })

  test('going over everybody again changes no row', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    await t.group('Staff', [ann])
    const spec = specOf('Many', { staff: [inGroup('Staff'), 'a', 'b'] })
    const policy = await t.policy(spec)
    await t.settle()
    const before = await t.assignments()
    await t.policy(spec, policy, 2)
    expect(await t.pass()).toMatchObject({ users: 1, granted: 0, revoked: 0 })
    await t.settle()
    expect(await t.assignments()).toEqual(before)
    await t.changeUser(ann, { title: 'no matter' })
    expect(await t.pending()).toMatchObject({ users: 1, granted: 0, revoked: 0 })
  })

  test('the values of a removed rule go, and those of a removed policy', async () => {
    const t = newTenant()
    const ann = await t.user('ann', { title: 'x' })
    const all = { a: [{ where: 'title pr' }, 'a'], b: [{ where: 'userName pr' }, 'b'] } as const
    const policy = await t.policy(specOf('Many', all))
    await t.settle()
    await t.policy(specOf('Many', { b: all.b }), policy, 2)
    await t.settle()
    expect(await t.held(ann)).toEqual(['b by b'])
    await t.removePolicy(policy)
    await t.settle()
    expect(await t.held(ann)).toEqual([])
  })

  test('a policy that turns from Many to One gives what One gives', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    const rules = { a: [{ where: 'userName pr' }, 'a'], b: [{ where: 'userName pr' }, 'b'] } as const
    const policy = await t.policy(specOf('Many', rules))
    await t.settle()
    expect(await t.held(ann)).toEqual(['a by a', 'b by b'])
    await t.policy(specOf('One', rules, 'c'), policy, 2)
    await t.settle()
    expect(await t.held(ann)).toEqual(['a by a'])
  })

  test.for(['One', 'Many'] as const)(
    'a policy of cardinality %s without rules gives nothing',
    async (cardinality) => {
      const t = newTenant()
      await t.user('ann')
      const policy = await t.policy(specOf(cardinality, {}))
      await t.settle()
      expect(await t.state(policy)).toMatchObject({ generation: 1, progress: null, users: 0 })
    },
  )
})
