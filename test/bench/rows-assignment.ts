/** From a change to the assignment that follows from it, and a policy that everybody is evaluated by anew. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { withClient } from '#directory/client.ts'
import { putPolicy } from '#directory/policies.ts'
import { percentile } from '#test/kit/percentile.ts'

import { readWhile } from './read-while.ts'
import { thousands } from './row.ts'
import { asOwner } from './sql.ts'
import { memoryMB, usageOf } from './usage.ts'

import type { Bench, Finding, Row } from './row.ts'
import type { Tenant, World } from './world.ts'

const ruleCount = 256
const changes = 20
const lookMs = 10
const giveUpMs = 600_000
const department = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'

/** A policy whose rules ask each user for the department, and one for the title that the changes set. */
const putRules = async ({ world }: Bench, tenant: Tenant): Promise<string> => {
  const id = randomUUID()
  const rules = Array.from({ length: ruleCount }, (_, index) => ({
    name: `rule-${index}`,
    match: {
      where: index === 0 ? 'title eq "Chosen"' : `${department} eq "Department ${index}" and active eq true`,
    },
    assign: [`value-${index}`],
  }))
  await putPolicy(world.owner, tenant.id, {
    id,
    namespace: 'bench',
    name: 'bench',
    cardinality: 'Many',
    defaultValue: null,
    generation: 1,
    specHash: id,
    spec: { cardinality: 'Many', rules },
    rules,
    created: new Date(),
  })
  return id
}

/** Asks until a statement has a row; on one connection, since opening one takes longer than most answers. */
const untilFound = ({ owner }: World, text: string, values: readonly unknown[]): Promise<void> =>
  withClient(owner.directory, async (query) => {
    const startMs = performance.now()
    while ((await query(text, [...values])).length === 0) {
      if (performance.now() - startMs > giveUpMs) throw new Error('the worker did not finish')
      await sleep(lookMs)
    }
  })

const untilEvaluated = ({ world }: Bench, tenant: Tenant, policyId: string): Promise<void> =>
  untilFound(
    world,
    `select from policy_state state join policy on policy.tenant_id = state.tenant_id and policy.id = state.policy_id
     where state.tenant_id = $1 and state.policy_id = $2 and state.generation = policy.generation
       and state.progress is null and not exists (select from pending where tenant_id = $1)`,
    [tenant.id, policyId],
  )

/** From before the PATCH to when the assignment can be read, in ms: the request is part of it. */
const lagOf = async ({ world }: Bench, tenant: Tenant, userId: string): Promise<number> => {
  const body = JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'title', value: 'Chosen' }],
  })
  const { origin, method, headers, paths } = tenant.plan('PATCH', [`/Users/${userId}`])
  const startMs = performance.now()
  const response = await fetch(`${origin}${paths[0] ?? ''}`, { method, headers, body })
  if (!response.ok) throw new Error(`PATCH was answered ${response.status}`)
  await untilFound(
    world,
    `select from assignment where tenant_id = $1 and user_id = $2 and value = 'value-0'`,
    [tenant.id, userId],
  )
  return performance.now() - startMs
}

const nothingRuns = `select where not exists (
  select from pg_stat_activity where application_name = 'bench-worker' and state = 'active')`

/** The CPU of the worker and of its connections to Postgres so far, in seconds. */
const workerCpu = async ({ ownerUrl }: World, pid: number) => {
  const backends = await asOwner<{ pid: number }>(
    ownerUrl,
    `select pid from pg_stat_activity where application_name = any('{bench-worker,scim-worker-jobs}')`,
  )
  const of = async (pids: readonly number[]) => (await usageOf(ownerUrl, pids))()?.server ?? Number.NaN
  return { worker: await of([pid]), postgres: await of(backends.map((backend) => backend.pid)) }
}

const recompute = async (bench: Bench, tenant: Tenant, userIds: readonly string[], worker: number) => {
  const { world } = bench
  const plan = {
    ...tenant.plan(
      'GET',
      userIds.slice(0, 5000).map((id) => `/Users/${id}`),
    ),
    expectedStatus: 200,
  }
  const before = await workerCpu(world, worker)
  const policyId = await putRules(bench, tenant)
  const passed = await readWhile(untilEvaluated(bench, tenant, policyId), {
    plan,
    worker,
    settled: () => untilFound(world, nothingRuns, []),
    seconds: bench.seconds,
  })
  const after = await workerCpu(world, worker)
  const perUser = (seconds: number) => ((seconds * 1e6) / userIds.length).toFixed(0)
  const cpu = `${perUser(after.postgres - before.postgres)} + ${perUser(after.worker - before.worker)} us`
  return { ...passed, cpu }
}

export const assignmentRows: readonly Row[] = [
  {
    name: 'assignments of 256 rules',
    async run(bench) {
      const { tenant, userIds } = bench.sizes.at(-1) ?? bench.sizes[0]
      await using stack = new AsyncDisposableStack()
      const worker = await bench.world.startWorker(stack)
      const { workedMs, meanwhile, slower, cpu } = await recompute(bench, tenant, userIds, worker)
      const memory = memoryMB(worker)
      const lags: number[] = []
      for (const id of userIds.slice(0, changes)) lags.push(await lagOf(bench, tenant, id))
      const lagMs = percentile(lags, 0.95)
      const targetMs = (60_000 * userIds.length) / 1_000_000
      const where = `${thousands(userIds.length)} users, ${ruleCount} rules`
      const findings: readonly Finding[] = [
        {
          what: `full recompute, ${where}`,
          measured: `${(workedMs / 1000).toFixed(1)} s`,
          target: `< ${targetMs / 1000} s for these`,
          // A tenant of a few users only tells how soon a worker begins.
          ...(userIds.length < 100_000 ? {} : { isMet: workedMs < targetMs }),
        },
        { what: 'CPU of it for each user, Postgres + worker', measured: cpu, target: '' },
        {
          what: 'memory of the worker after it',
          measured: memory === undefined ? '?' : `${memory.toFixed(0)} MB`,
          target: '',
        },
        {
          what: `GET while it is recomputed, ${where}`,
          measured: slower.toFixed(2),
          target: 'p95 <= 1.2 x without',
          isMet: slower <= 1.2,
          product: meanwhile,
        },
        {
          what: `change to assignment, ${where}`,
          measured: `p95 ${lagMs.toFixed(0)} ms`,
          target: 'p95 < 1 s',
          isMet: lagMs < 1000,
        },
      ]
      return findings
    },
  },
]
