import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeResource } from '#directory/change-resource.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { dropTenant } from '#directory/drop-tenant.ts'
import { evaluatePending, hasWork, tenantsWithPending } from '#directory/evaluation.ts'
import { userType } from '#scim/resource-types.ts'
import {
  type EvaluationDirectories,
  type EvaluationTenant,
  newEvaluationTenant,
  openEvaluationDirectories,
  specOf,
} from '#test/kit/evaluation.ts'
import { tester } from '#test/kit/open-directory.ts'

let directories: EvaluationDirectories
let admin: Client
beforeAll(async () => {
  directories = await openEvaluationDirectories()
  admin = new Client({ connectionString: directories.db.database.adminUrl })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await directories[Symbol.asyncDispose]()
})
const newTenant = () => newEvaluationTenant(directories)
const titled = specOf('One', { titled: [{ where: 'title pr' }, 'v'] })

/** Resolves once as many connections to this database wait for a lock. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await admin.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows.length === count) return
    await delay(10)
  }
}

/** Holds the state of the tenant's policies: an evaluation has taken its marks then, and waits. */
async function whileHeld(t: EvaluationTenant, work: () => Promise<void>): Promise<void> {
  await admin.query('begin')
  await admin.query('select from policy_state where tenant_id = $1 for update', [t.tenant])
  try {
    await work()
  } finally {
    await admin.query('rollback')
  }
}

/** A write of the server that stays open until `commit` is called. */
function openWrite(
  t: EvaluationTenant,
  work: (scope: Parameters<Parameters<typeof t.db.write>[0]>[0]) => Promise<unknown>,
) {
  const written = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const ended = t.db.write(async (scope) => {
    await work(scope)
    written.resolve()
    await gate.promise
  })
  return {
    written: Promise.race([written.promise, ended]),
    async commit() {
      gate.resolve()
      await ended
    },
  }
}

const changeTitle = (t: EvaluationTenant, id: string) =>
  openWrite(t, (scope) =>
    changeResource(
      scope,
      { type: userType, id, change: ({ data }) => ({ data: { ...data, title: 'x' }, membership: [] }) },
      tester,
    ),
  )

test('a change that commits after an evaluation took the marks is evaluated by the next one', async () => {
  const t = newTenant()
  const [ann, bob] = [await t.user('ann'), await t.user('bob')]
  await t.policy(titled)
  await t.settle()
  const change = changeTitle(t, ann)
  await change.written
  await t.changeUser(bob, { title: 'x' })
  expect(await t.pending()).toMatchObject({ users: 1, granted: 1 })
  expect(await t.pending()).toEqual({ kind: 'idle' })
  await change.commit()
  expect(await t.pending()).toMatchObject({ users: 1, granted: 1 })
  expect(await t.held(ann)).toEqual(['v by titled'])
})

test('a user who changes while the evaluation of an earlier change runs is evaluated again', async () => {
  const t = newTenant()
  const ann = await t.user('ann')
  await t.policy(titled)
  await t.settle()
  await t.changeUser(ann, { nickName: 'a' })
  let evaluation: Promise<unknown> = Promise.resolve()
  await whileHeld(t, async () => {
    evaluation = t.pending()
    await waiting(1)
    await t.changeUser(ann, { title: 'x' })
  })
  expect(await evaluation).toMatchObject({ kind: 'evaluated', users: 1 })
  expect(await hasWork(t.worker, t.tenant)).toBe(true)
  expect(await t.pending()).toMatchObject({ kind: 'evaluated', users: 1 })
  expect(await t.held(ann)).toEqual(['v by titled'])
  expect(await hasWork(t.worker, t.tenant)).toBe(false)
})

test('a tenant is evaluated by one at a time, and others go on meanwhile', async () => {
  const [t, other] = [newTenant(), newTenant()]
  await t.policy(titled)
  await other.policy(titled)
  await t.user('ann', { title: 'x' })
  await other.user('bob', { title: 'x' })
  let evaluation: Promise<unknown> = Promise.resolve()
  await whileHeld(t, async () => {
    evaluation = t.pending()
    await waiting(1)
    expect([await t.pending(), await t.pass()]).toEqual([{ kind: 'busy' }, { kind: 'busy' }])
    await other.settle()
    expect(await other.assignments()).toHaveLength(1)
  })
  expect(await evaluation).toMatchObject({ granted: 1 })
})

test('an evaluation that is cancelled leaves its marks', async () => {
  const t = newTenant()
  const ann = await t.user('ann', { title: 'x' })
  await t.policy(titled)
  await whileHeld(t, async () => {
    const stopping = new AbortController()
    const evaluation = evaluatePending(t.worker, t.tenant, { limit: 10, signal: stopping.signal })
    await waiting(1)
    stopping.abort(new Error('stopped'))
    await expect(evaluation).rejects.toThrow('stopped')
  })
  expect(await tenantsWithPending(t.worker)).toContain(t.tenant)
  await t.settle()
  expect(await t.held(ann)).toEqual(['v by titled'])
})

test('a user who is deleted while being given something ends with nothing', async () => {
  const t = newTenant()
  const [ann, bob] = [await t.user('ann', { title: 'x' }), await t.user('bob', { title: 'x' })]
  const policy = await t.policy(titled)
  const deletion = openWrite(t, (scope) => deleteResource(scope, { type: userType, id: ann }, tester))
  await deletion.written
  expect(await t.pending()).toMatchObject({ kind: 'evaluated', granted: 2 })
  await deletion.commit()
  await t.settle()
  const { rows } = await admin.query('select user_id from assignment where tenant_id = $1', [t.tenant])
  expect(rows).toEqual([{ user_id: bob }])
  expect(await t.state(policy)).toMatchObject({ users: 1, counts: { v: 1 } })
})

test('a policy that is removed while it is evaluated leaves no assignments', async () => {
  const t = newTenant()
  const ann = await t.user('ann', { title: 'x' })
  const policy = await t.policy(titled)
  await t.settle()
  await t.user('bob', { title: 'x' })
  await t.changeUser(ann, { active: false })
  let [evaluation, removal]: Promise<unknown>[] = []
  await admin.query('begin')
  // What the evaluation has to take away, so that it waits with its work half done.
  await admin.query('select from assignment where tenant_id = $1 for update', [t.tenant])
  try {
    evaluation = t.pending()
    await waiting(1)
    removal = t.removePolicy(policy)
    await waiting(2)
  } finally {
    await admin.query('rollback')
  }
  expect(await evaluation).toMatchObject({ granted: 1, revoked: 1 })
  await removal
  await t.settle()
  const { rows } = await admin.query('select from assignment where tenant_id = $1', [t.tenant])
  expect(rows).toHaveLength(0)
})

test('a tenant that is dropped while it is evaluated leaves no assignments', async () => {
  const t = newTenant()
  const ann = await t.user('ann', { title: 'x' })
  const policy = await t.policy(titled)
  let dropped: Promise<unknown> = Promise.resolve()
  await admin.query('begin')
  try {
    // As an evaluation does that began before the users went.
    await admin.query('select from policy_state where tenant_id = $1 for update', [t.tenant])
    await admin.query(
      `insert into assignment (tenant_id, policy_id, user_id, value, rule, generation, since)
       values ($1, $2, $3, 'v', 'titled', 1, now())`,
      [t.tenant, policy, ann],
    )
    dropped = dropTenant(t.owner, t.tenant, { now: new Date() })
    await waiting(1)
  } finally {
    await admin.query('commit')
  }
  await dropped
  const { rows } = await admin.query('select from assignment where tenant_id = $1', [t.tenant])
  expect(rows).toHaveLength(0)
})

test('many writers and two evaluators at once lose nothing', async () => {
  const t = newTenant()
  const users = await Promise.all(Array.from({ length: 8 }, (_, n) => t.user(`user-${n}`)))
  const groups = await Promise.all(['A', 'B'].map((name) => t.group(name)))
  await t.policy(
    specOf('Many', {
      a: [{ anyGroup: [{ displayName: 'A' }] }, 'a'],
      b: [{ noGroup: [{ displayName: 'B' }], where: 'title pr' }, 'b'],
    }),
  )
  const writing = new AbortController()
  const evaluator = async () => {
    while (!writing.signal.aborted) await t.pending(3)
  }
  const evaluators = [evaluator(), evaluator()]
  await Promise.all(
    users.map(async (user, n) => {
      for (let round = 0; round < 4; round += 1) {
        const group = groups[(n + round) % 2]!
        await (round % 2 === 0 ? t.join(group, user) : t.leave(groups[(n + round + 1) % 2]!, user))
        await t.changeUser(user, { title: `${n}-${round}` })
      }
    }),
  )
  writing.abort()
  await Promise.all(evaluators)
  await t.settle()
  expect(await t.differences()).toEqual([])
})
