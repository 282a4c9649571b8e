import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { enqueueEvaluation } from '#directory/jobs.ts'
import { openJobPool } from '#directory/job-pool.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import {
  type EvaluationDirectories,
  newEvaluationTenant,
  openEvaluationDirectories,
  specOf,
} from '#test/kit/evaluation.ts'
import { removeDeadJobs } from '#worker/housekeeping.ts'
import { jobLogger } from '#worker/runner.ts'
import { startWorker } from '#worker/worker.ts'

const never = 3_600_000
const log = createLogger('test', { level: 'silent' })

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
beforeEach(() => admin.query('delete from graphile_worker._private_jobs'))

const newTenant = () => newEvaluationTenant(directories)
const titled = specOf('One', { titled: [{ where: 'title pr' }, 'v'] }, 'none')

async function aWorker(sweepMs: number, signal?: AbortSignal) {
  const metrics = createMetrics({ ofProcess: false })
  const url = directories.db.database.workerUrl
  const worker = await startWorker({
    url,
    directory: directories.worker,
    metrics,
    log,
    sweepMs,
    ...(signal === undefined ? {} : { signal }),
  })
  return { metrics, [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() }
}

const eventually = { timeout: 20_000, interval: 20 }

const jobCount = async (): Promise<number> => {
  const { rows } = await admin.query<{ count: string }>('select count(*) from graphile_worker._private_jobs')
  return Number(rows[0]?.count)
}

const connections = async (): Promise<number> => {
  const { rows } = await admin.query(
    `select from pg_stat_activity where datname = current_database() and application_name = 'scim-worker-jobs'`,
  )
  return rows.length
}

const waitingForLock = async (): Promise<number> => {
  const { rows } = await admin.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows.length
}

/** The worker listens and its first sweep is over: what happens from now on, a request brought about. */
const isListening = async (): Promise<boolean> => {
  const { rows } = await admin.query(
    `select from pg_stat_activity where datname = current_database() and query like 'LISTEN%'`,
  )
  return rows.length > 0 && (await jobCount()) === 0
}

test('a request after a change leads to its assignments, and the worker tells how long that took', async () => {
  const t = newTenant()
  await t.policy(titled)
  await t.settle()
  await admin.query('delete from graphile_worker._private_jobs')
  await using worker = await aWorker(never)
  await expect.poll(isListening, eventually).toBe(true)
  const ann = await t.user('ann', { title: 'x' })
  await enqueueEvaluation(t.db.directory, t.tenant)
  await expect.poll(() => t.held(ann), eventually).toEqual(['v by titled'])
  await expect.poll(jobCount, eventually).toBe(0)
  const text = await worker.metrics.registry.metrics()
  expect(text).toContain('scim_assignment_lag_seconds_count 1')
  expect(text).toContain('scim_assignment_evaluated_users_total 1')
  expect(text).toContain('scim_assignment_changes_total{change="granted"} 1')
  expect(text).toContain('scim_jobs_total{task="evaluate",result="done"} 1')
})

test('a policy that is written or changed is evaluated for everybody without another request', async () => {
  const t = newTenant()
  const ann = await t.user('ann')
  await t.settle()
  await using stack = new AsyncDisposableStack()
  stack.use(await aWorker(never))
  await expect.poll(isListening, eventually).toBe(true)
  const policy = await t.policy(titled)
  await expect.poll(() => t.held(ann), eventually).toEqual(['none by default'])
  await t.policy(specOf('One', {}, 'other'), policy, 2)
  await expect.poll(() => t.held(ann), eventually).toEqual(['other by default'])
  await expect.poll(() => t.state(policy), eventually).toMatchObject({ generation: 2, progress: null })
})

test('a change that nobody asked an evaluation for is found by the sweep', async () => {
  const t = newTenant()
  await t.policy(titled)
  await t.settle()
  await using stack = new AsyncDisposableStack()
  stack.use(await aWorker(50))
  const ann = await t.user('ann')
  await expect.poll(() => t.held(ann), eventually).toEqual(['none by default'])
})

test('a job that died with its worker is done by another one, and its remains are cleared away', async () => {
  const t = newTenant()
  await t.policy(titled)
  await t.settle()
  const ann = await t.user('ann')
  await enqueueEvaluation(t.db.directory, t.tenant)
  await admin.query(
    `update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead', attempts = 1`,
  )
  {
    await using stack = new AsyncDisposableStack()
    stack.use(await aWorker(50))
    await expect.poll(() => t.held(ann), eventually).toEqual(['none by default'])
    await expect.poll(jobCount, eventually).toBe(1)
  }
  // What the runner itself does with locks that are hours old.
  await admin.query('update graphile_worker._private_jobs set locked_at = null, locked_by = null')
  const url = directories.db.database.workerUrl
  const onError = (error: unknown) => log.error(error)
  await using pool = openJobPool({ url, size: 1, applicationName: 'test', onError })
  await removeDeadJobs(pool.pool, jobLogger(log, { isOn: () => false, tell: () => undefined }))
  expect(await jobCount()).toBe(0)
})

test('two workers share many tenants: every change is evaluated, and no job fails', async () => {
  const tenants = Array.from({ length: 4 }, newTenant)
  for (const t of tenants) await t.policy(titled)
  await using one = await aWorker(200)
  await using other = await aWorker(200)
  const users = await Promise.all(
    tenants.map(async (t) => {
      const ids: string[] = []
      for (let n = 0; n < 6; n += 1) {
        ids.push(await t.user(`user ${n}`, n % 2 === 0 ? { title: 'x' } : {}))
        await enqueueEvaluation(t.db.directory, t.tenant)
      }
      return ids
    }),
  )
  for (const [n, t] of tenants.entries()) {
    await expect.poll(async () => (await t.assignments()).length, eventually).toBe(users[n]!.length)
    expect(await t.differences()).toEqual([])
  }
  await expect.poll(jobCount, eventually).toBe(0)
  for (const { metrics } of [one, other])
    expect(await metrics.registry.metrics()).not.toContain('result="error"')
})

test('a worker whose tenant is busy comes back until it is its turn', async () => {
  const t = newTenant()
  const policy = await t.policy(titled)
  await t.settle()
  await using worker = await aWorker(never)
  await expect.poll(isListening, eventually).toBe(true)
  const ann = await t.user('ann')
  await admin.query('begin')
  await admin.query(`select pg_advisory_xact_lock(hashtextextended('scim evaluation ' || $1, 0))`, [t.tenant])
  await enqueueEvaluation(t.db.directory, t.tenant)
  await expect.poll(() => worker.metrics.registry.metrics(), eventually).toContain('result="again"')
  expect(await t.held(ann)).toEqual([])
  await admin.query('commit')
  await expect.poll(() => t.held(ann), eventually).toEqual(['none by default'])
  expect(await t.state(policy)).toMatchObject({ users: 1 })
})

test('a worker that lost all its connections works on', async () => {
  const t = newTenant()
  await t.policy(titled)
  await t.settle()
  await using stack = new AsyncDisposableStack()
  stack.use(await aWorker(100))
  await expect.poll(isListening, eventually).toBe(true)
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'scim_worker'`,
  )
  const ann = await t.user('ann')
  await expect.poll(() => t.held(ann), eventually).toEqual(['none by default'])
})

test('stopping ends the transaction that runs, and leaves no connection and no lock', async () => {
  const t = newTenant()
  await t.policy(titled)
  await t.settle()
  const ann = await t.user('ann')
  await admin.query('begin')
  await admin.query('select from policy_state where tenant_id = $1 for update', [t.tenant])
  const stopping = new AbortController()
  const worker = await aWorker(50, stopping.signal)
  await expect.poll(waitingForLock, eventually).toBe(1)
  stopping.abort()
  await admin.query('rollback')
  await worker[Symbol.asyncDispose]()
  expect(await t.held(ann)).toEqual(['none by default'])
  await expect.poll(connections, eventually).toBe(0)
  const { rows } = await admin.query('select from graphile_worker._private_jobs where locked_at is not null')
  expect(rows).toHaveLength(0)
})
