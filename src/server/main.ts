/** `npm run server`: SCIM and the Directory API, from environment variables alone, until it is told to stop. */
import { assertSchema } from '#directory/awaited-schema.ts'
import { openDirectory } from '#directory/database.ts'
import { serverSettings } from '#platform/config.ts'
import { aborted } from '#platform/lifecycle.ts'
import { openKeyring } from '#platform/pepper.ts'
import { openProbes } from '#platform/probes.ts'
import { sleep } from '#platform/retry.ts'
import { runProcess } from '#platform/run-process.ts'

import { startServer } from './server.ts'

/** How long requests under way may take once nothing is accepted any more. */
const drainLimitMs = 25_000

await runProcess({
  command: 'npm run server',
  room: 'server',
  settings: serverSettings,
  stopLimitMs: drainLimitMs + 5_000,
  async run(config, { logOf, signal, stack }) {
    const log = logOf('server')
    const { metrics, readiness, opsPort } = await openProbes(config, { log, signal, stack })
    const keyring = stack.use(
      await readiness.until('the peppers', () =>
        openKeyring(config.pepper, { onError: (err) => log.error({ err }, 'peppers not read') }),
      ),
    )
    const directory = stack.use(
      await openDirectory({
        url: config.databaseUrl,
        isPooled: config.databasePooled,
        poolSize: config.databasePoolSize,
        applicationName: 'scim-server',
        onError: (err) => log.debug({ err }, 'connection to Postgres lost'),
      }),
    )
    await readiness.until('the database', () => assertSchema(directory))
    const server = stack.use(
      await startServer({
        directory,
        keyring,
        metrics,
        log,
        scimPort: config.scimPort,
        directoryPort: config.directoryPort,
        pathRouting: config.pathOrigin !== undefined,
        ...(config.pathOrigin === undefined ? {} : { pathOrigin: config.pathOrigin }),
        leaving: signal,
        drainLimitMs,
      }),
    )
    readiness.declare()
    log.info({ scimPort: server.scimPort, directoryPort: server.directoryPort, opsPort }, 'ready')
    await aborted(signal)
    // It is still sent requests until everybody has heard that it is not ready any more.
    await sleep(config.drainSeconds * 1000)
  },
})
