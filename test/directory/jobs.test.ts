import { randomUUID } from 'node:crypto'
import { Logger, run } from 'graphile-worker'
import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import { enqueueEvaluation, evaluationKey, jobNames } from '#directory/jobs.ts'
import { tenantIdOf } from '#directory/tenant-scope.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

const aTenantId = () => tenantIdOf(randomUUID())

test('servers ask for evaluations of many tenants, many times, and one job for each is there', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using worker = await opened(db.workerUrl)
  const tenants = [aTenantId(), aTenantId()]
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => enqueueEvaluation(app, tenants[index % 2] ?? aTenantId())),
  )
  const jobs = await withClient(worker, (query) =>
    query(
      `select job.key, task.identifier, job.payload from graphile_worker._private_jobs as job
       join graphile_worker._private_tasks as task on task.id = job.task_id order by job.key`,
    ),
  )
  const expected = tenants.map((tenant) => ({
    key: evaluationKey(tenant),
    identifier: jobNames.evaluate,
    payload: { tenant },
  }))
  expect(jobs).toEqual(expected.toSorted((one, two) => (one.key < two.key ? -1 : 1)))
})

test('servers see nothing of the job queue', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await enqueueEvaluation(app, aTenantId())
  for (const statement of [
    'select from graphile_worker._private_jobs',
    'select from graphile_worker.jobs',
    `select graphile_worker.add_job('evaluate', '{}')`,
  ]) {
    await expect(withClient(app, (query) => query(statement))).rejects.toMatchObject({ code: '42501' })
  }
})

test('a worker under its own role runs the job that a server asked for, and then none is left', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using worker = await opened(db.workerUrl)
  await using stack = new AsyncDisposableStack()
  const pool = stack.adopt(new Pool({ connectionString: db.workerUrl, max: 3 }), (opened) => opened.end())
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const tenant = aTenantId()
  const ran: unknown[] = []
  const { promise: done, resolve } = Promise.withResolvers<void>()
  const runner = await run({
    pgPool: pool,
    noHandleSignals: true,
    parsedCronItems: [],
    logger: new Logger(() => () => undefined),
    taskList: {
      [jobNames.evaluate]: async (payload) => {
        ran.push(payload)
        resolve()
      },
    },
  })
  await enqueueEvaluation(app, tenant)
  await done
  await runner.stop()
  expect(ran).toEqual([{ tenant }])
  const left = await withClient(worker, (query) => query('select from graphile_worker._private_jobs'))
  expect(left).toEqual([])
})
