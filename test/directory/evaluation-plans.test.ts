import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import { lockPolicies } from '#directory/evaluation-policies.ts'
import { evaluationStatement } from '#directory/evaluation-statement.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import {
  type EvaluationDirectories,
  type EvaluationTenant,
  newEvaluationTenant,
  openEvaluationDirectories,
  specOf,
} from '#test/kit/evaluation.ts'
import { type Visits, visitsOf } from '#test/kit/plans.ts'

let directories: EvaluationDirectories
beforeAll(async () => {
  directories = await openEvaluationDirectories()
  // Statistics are looked at when a test says so, and not in the middle of another.
  await asOwner('alter table assignment set (autovacuum_enabled = false)')
})
afterAll(() => directories[Symbol.asyncDispose]())

const asOwner = (text: string, values: readonly unknown[] = []) =>
  withClient(directories.owner.directory, (query) => query(text, [...values]))

/** What the policy has given to as many others. */
const giveToOthers = (t: EvaluationTenant, policyId: string, users: number) =>
  asOwner(
    `insert into assignment (tenant_id, policy_id, user_id, value, rule, generation, since)
     select $1, $2, gen_random_uuid(), 'kept', 'titled', 1, now() from generate_series(1, $3::integer)`,
    [t.tenant, policyId, users],
  )

/** Evaluates one user, as the worker does. */
const visitsOfOne = (t: EvaluationTenant, user: string): Promise<Visits> =>
  inTenant(t.worker, t.tenant, {}, async (scope) => {
    const [policy] = await lockPolicies(scope)
    if (policy === undefined) throw new Error('There is no policy')
    const input = { tenantId: t.tenant, policy, pins: new Map(), userIds: [user], now: new Date() }
    return visitsOf(scope, evaluationStatement(input))
  })

/** The scans, where they read more than the user, what the user holds, and the few rules. */
const excessOf = ({ visited, scans }: Visits): readonly string[] => (visited < 50 ? [] : [scans])

test('evaluating one user reads nothing of what others hold, whether Postgres has looked at the table or not', async () => {
  const before = newEvaluationTenant(directories)
  await giveToOthers(before, randomUUID(), 5_000)
  await asOwner('analyze assignment')
  const t = newEvaluationTenant(directories)
  const ann = await t.user('ann', { title: 'x', active: true })
  const policy = await t.policy(specOf('Many', { titled: [{ where: 'title pr' }, 'kept', 'given'] }))
  await t.settle()
  await giveToOthers(t, policy, 20_000)
  // One value is to go, one moves to its rule, one is to come.
  await asOwner(`update assignment set rule = 'other' where user_id = $1 and value = 'kept'`, [ann])
  await asOwner(`update assignment set value = 'gone' where user_id = $1 and value = 'given'`, [ann])
  expect(excessOf(await visitsOfOne(t, ann))).toEqual([])
  await asOwner('analyze assignment')
  expect(excessOf(await visitsOfOne(t, ann))).toEqual([])
})
