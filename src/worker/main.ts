/** `npm run worker`: works the jobs off, from environment variables alone, until it is told to stop. */
import { assertSchema } from '#directory/awaited-schema.ts'
import { openDirectory } from '#directory/database.ts'
import { workerSettings } from '#platform/config.ts'
import { aborted } from '#platform/lifecycle.ts'
import { openProbes } from '#platform/probes.ts'
import { runProcess } from '#platform/run-process.ts'

import { startWorker } from './worker.ts'

await runProcess({
  command: 'npm run worker',
  room: 'worker',
  settings: workerSettings,
  stopLimitMs: 30_000,
  async run(config, { logOf, signal, stack }) {
    const log = logOf('worker')
    const { metrics, readiness, opsPort } = await openProbes(config, { log, signal, stack })
    const url = config.workerDatabaseUrl
    const directory = stack.use(
      await openDirectory({
        url,
        applicationName: 'scim-worker',
        onError: (err) => log.debug({ err }, 'connection to Postgres lost'),
      }),
    )
    await readiness.until('the database', () => assertSchema(directory))
    stack.use(await startWorker({ url, directory, metrics, log, concurrency: config.concurrency }))
    readiness.declare()
    log.info({ opsPort }, 'ready')
    await aborted(signal)
  },
})
