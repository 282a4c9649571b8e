import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import { StaleEpochError, takeEpoch } from '#directory/owner.ts'
import {
  policiesOf,
  policyState,
  policyStates,
  putPolicy,
  removePolicy,
  type PolicyRecord,
} from '#directory/policies.ts'
import { inTenant, tenantIdOf } from '#directory/tenant-scope.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { fill } from '#test/kit/rows.ts'

const aTenantId = () => tenantIdOf(randomUUID())

function aPolicy(changes: Partial<PolicyRecord> = {}): PolicyRecord {
  return {
    id: randomUUID(),
    namespace: 'default',
    name: 'blueprint',
    cardinality: 'One',
    defaultValue: 'standard-mac',
    generation: 1,
    specHash: 'one',
    spec: { cardinality: 'One' },
    rules: [
      { name: 'first', match: { anyGroup: [{ displayName: 'Contractors' }] }, assign: ['locked-down'] },
      { name: 'second', match: { where: 'active eq true' }, assign: ['a', 'b, "c"', '{d}'] },
    ],
    created: new Date('2026-11-22T10:00:00Z'),
    ...changes,
  }
}

/** What an evaluation writes at its end. */
const evaluated = (generation: number) => ({
  text: `update policy_state set generation = $1, counts = '{"a": 3}', users = 3, updated = now()`,
  values: [generation],
})

test('a policy is read back as it was put, its rules in their order', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const [one, two] = [aPolicy(), aPolicy({ cardinality: 'Many', defaultValue: null, rules: [] })]
  await putPolicy(owner, tenant, one)
  await putPolicy(owner, tenant, two)
  await putPolicy(owner, aTenantId(), aPolicy())
  expect(await policiesOf(directory, tenant)).toEqual([one, two].toSorted((a, b) => (a.id < b.id ? -1 : 1)))
  const changed = { ...one, generation: 2, specHash: 'two', rules: one.rules.toReversed().slice(0, 1) }
  expect(await putPolicy(owner, tenant, changed)).toBe('written')
  expect((await policiesOf(directory, tenant)).find(({ id }) => id === one.id)).toEqual(changed)
})

test('a new or changed policy asks for one evaluation of its tenant, an unchanged one for none', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const jobs = () => withClient(directory, (query) => query('select key from graphile_worker.jobs'))
  const policy = aPolicy()
  await putPolicy(owner, tenant, policy)
  await putPolicy(owner, tenant, { ...policy, generation: 2, specHash: 'two' })
  expect(await jobs()).toEqual([{ key: `evaluate:${tenant}` }])
  await withClient(directory, (query) =>
    query(`select graphile_worker.remove_job($1)`, [`evaluate:${tenant}`]),
  )
  expect(await putPolicy(owner, tenant, { ...policy, generation: 2, specHash: 'two' })).toBe('unchanged')
  expect(await jobs()).toEqual([])
})

test('rows of a policy that somebody else changed are put back and evaluated again, its pins stay', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const policy = aPolicy({ generation: 3 })
  const run = (text: string) => withClient(directory, (query) => query(text))
  await putPolicy(owner, tenant, policy)
  await run(
    `insert into policy_pin values ('${tenant}', '${policy.id}', 'displayName', 'contractors', gen_random_uuid(), now())`,
  )
  const pins = await run('select * from policy_pin')
  const changes = [
    `update policy_rule set assign = '{evil}' where ordinal = 0`,
    `update policy_rule set match = '{"where": "userName pr"}' where ordinal = 0`,
    `update policy_rule set name = 'evil' where ordinal = 0`,
    'update policy_rule set ordinal = 5 - ordinal',
    'delete from policy_rule where ordinal = 1',
    `insert into policy_rule select tenant_id, policy_id, 9, 'evil', match, assign from policy_rule where ordinal = 0`,
    'delete from policy_rule',
    `update policy set default_value = 'evil'`,
    'update policy set default_value = null',
    `update policy set cardinality = 'Many'`,
    `update policy set spec = '{}'`,
    `update policy set namespace = 'evil'`,
    `update policy set name = 'evil'`,
    'update policy set generation = 4',
  ]
  for (const change of changes) {
    await run(`update policy_state set generation = 3, progress = null`)
    await run(change)
    expect([change, await putPolicy(owner, tenant, policy)]).toEqual([change, 'corrected'])
    expect([change, ...(await policiesOf(directory, tenant))]).toEqual([change, policy])
    expect(await policyState(directory, tenant, policy.id)).toMatchObject({
      generation: 3,
      progress: { generation: 3, after: null, evaluated: 0, total: 0 },
    })
    expect([change, await putPolicy(owner, tenant, policy)]).toEqual([change, 'unchanged'])
  }
  expect(await run('select * from policy_pin')).toEqual(pins)
})

test('a pass under way by rows that somebody else changed begins anew when they are put back', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const policy = aPolicy({ generation: 2 })
  const run = (text: string) => withClient(directory, (query) => query(text))
  await putPolicy(owner, tenant, policy)
  const progress = { generation: 2, after: randomUUID(), evaluated: 5, total: 9 }
  await run(`update policy_state set generation = 1, progress = '${JSON.stringify(progress)}'`)
  await run('delete from policy_rule')
  await putPolicy(owner, tenant, policy)
  expect(await policyState(directory, tenant, policy.id)).toMatchObject({
    generation: 1,
    progress: { generation: 2, after: null, evaluated: 0 },
  })
})

test('a generation that moved without the rules is evaluated and is no correction', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const policy = aPolicy()
  await putPolicy(owner, tenant, policy)
  expect(await putPolicy(owner, tenant, { ...policy, generation: 2 })).toBe('written')
  expect(await policyState(directory, tenant, policy.id)).toMatchObject({ generation: 0, progress: null })
})

test('a policy that is stored as it is wanted is not written', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const policy = aPolicy()
  await putPolicy(owner, tenant, policy)
  const versions = () =>
    withClient(directory, (query) =>
      query(`select xmin::text from policy union all select xmin::text from policy_rule
        union all select xmin::text from policy_state`),
    )
  const before = await versions()
  expect(await putPolicy(owner, tenant, { ...policy, created: new Date() })).toBe('unchanged')
  expect(await versions()).toEqual(before)
})

test('a removed policy takes its rules, pins, state and assignments along, and nothing of others', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const { policy } = await fill(directory, tenant)
  const other = aPolicy()
  await putPolicy(owner, tenant, other)
  await removePolicy(owner, tenant, policy)
  const left = await withClient(directory, (query) =>
    query(
      `select (select count(*) from policy where tenant_id = $1) as policies,
         (select count(*) from policy_rule where tenant_id = $1) as rules,
         (select count(*) from policy_pin where tenant_id = $1) as pins,
         (select count(*) from policy_state where tenant_id = $1) as states,
         (select count(*) from assignment where tenant_id = $1) as assignments`,
      [tenant],
    ),
  )
  expect(left).toEqual([{ policies: 1, rules: 2, pins: 0, states: 1, assignments: 0 }])
})

test('an evaluation under way when its policy is removed leaves no assignment behind', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  await using worker = await opened(db.workerUrl)
  const owner = await takeEpoch(directory)
  const tenant = aTenantId()
  const { policy, user } = await fill(directory, tenant)
  const { promise: locked, resolve: hasLocked } = Promise.withResolvers<void>()
  const { promise: removing, resolve: isRemoving } = Promise.withResolvers<void>()
  const evaluation = inTenant(worker, tenant, {}, async (scope) => {
    const lock = {
      text: 'select policy_id from policy_state where tenant_id = $1 for update',
      values: [tenant],
    }
    expect(await scope.query(lock)).toEqual([{ policy_id: policy }])
    hasLocked()
    await removing
    const text = `insert into assignment values ($1, $2, $3, 'late', 'r', 1, now())`
    await scope.query({ text, values: [tenant, policy, user] })
    // A pin needs the policy's row: the removal must not hold it while it waits for the state.
    const pin = `insert into policy_pin values ($1, $2, 'displayName', 'late', $3, now())`
    await scope.query({ text: pin, values: [tenant, policy, user] })
  })
  await locked
  const removal = removePolicy(owner, tenant, policy)
  await waiting(directory)
  isRemoving()
  await Promise.all([evaluation, removal])
  const left = await withClient(directory, (query) =>
    query('select from assignment where tenant_id = $1', [tenant]),
  )
  expect(left).toEqual([])
})

test('the operator reads each change of state, also one that commits after a later one', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  await using worker = await opened(db.workerUrl)
  const owner = await takeEpoch(directory)
  const [early, late] = [aTenantId(), aTenantId()]
  const policies = [aPolicy(), aPolicy()] as const
  await putPolicy(owner, early, policies[0])
  await putPolicy(owner, late, policies[1])
  const first = await policyStates(directory)
  expect(first.states.map(({ policyId }) => policyId).toSorted()).toEqual(
    policies.map(({ id }) => id).toSorted(),
  )
  expect(first.states[0]).toMatchObject({ generation: 0, progress: null, counts: {}, users: 0, problems: [] })
  const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>()
  const { promise: written, resolve: hasWritten } = Promise.withResolvers<void>()
  const slow = inTenant(worker, early, {}, async (scope) => {
    await scope.query(evaluated(1))
    hasWritten()
    await mayCommit
  })
  await written
  await inTenant(worker, late, {}, (scope) => scope.query(evaluated(2)))
  const second = await policyStates(directory, first.next)
  expect(second.states.find(({ tenantId }) => tenantId === late)).toMatchObject({
    generation: 2,
    users: 3,
    counts: { a: 3 },
  })
  expect(second.states.find(({ tenantId }) => tenantId === early)?.generation ?? 0).toBe(0)
  commit()
  await slow
  const third = await policyStates(directory, second.next)
  expect(third.states.find(({ tenantId }) => tenantId === early)).toMatchObject({ generation: 1 })
  // A transaction of anybody else that is still running keeps the mark back for a while.
  let last = third
  const remaining = async (): Promise<number> =>
    (last = await policyStates(directory, last.next)).states.length
  await expect.poll(remaining, { timeout: 30_000, interval: 100 }).toBe(0)
  expect(await policyState(directory, early, policies[0].id)).toMatchObject({
    generation: 1,
    tenantId: early,
  })
  expect(await policyState(directory, late, policies[0].id)).toBeUndefined()
})

test('a leader whose epoch is over neither puts nor removes a policy', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const old = await takeEpoch(directory)
  const tenant = aTenantId()
  const policy = aPolicy()
  await putPolicy(old, tenant, policy)
  await takeEpoch(directory)
  await expect(putPolicy(old, tenant, { ...policy, generation: 2 })).rejects.toThrow(StaleEpochError)
  await expect(removePolicy(old, tenant, policy.id)).rejects.toThrow(StaleEpochError)
  expect(await policiesOf(directory, tenant)).toEqual([policy])
})

/** Resolves once some statement of this database waits for a lock. */
async function waiting(directory: Awaited<ReturnType<typeof opened>>): Promise<void> {
  for (;;) {
    const [row] = await withClient(directory, (query) =>
      query<{ count: number }>(
        `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      ),
    )
    if ((row?.count ?? 0) > 0) return
  }
}
