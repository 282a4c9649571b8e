/** Puts the product together: every part opened in the order in which one needs another. */
import { rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import { announce } from './announce.ts'
import { openDatabase } from './database.ts'
import { openKubeFolder } from './kube-folder.ts'
import { openStateFolder } from './state-folder.ts'
import { copiedFlag } from './summary.ts'

import { openDirectory } from '#directory/database.ts'
import { migrate, schemaIsCurrent } from '#directory/migrate.ts'
import { crds } from '#operator/api/crd.ts'
import { openCaches } from '#operator/caches.ts'
import { systemClock } from '#operator/clock.ts'
import { startOperator } from '#operator/operator.ts'
import { createMetrics } from '#platform/metrics.ts'
import { Mistake } from '#platform/mistake.ts'
import { startOps } from '#platform/ops.ts'
import { createPepper, openKeyring } from '#platform/pepper.ts'
import { startServer } from '#server/server.ts'
import { startWorker } from '#worker/worker.ts'

import type { Directory } from '#directory/database.ts'
import type { StandaloneConfig } from '#platform/config.ts'
import type { Frame } from '#platform/run-process.ts'

/** How long requests and reconciles under way may take once stopping has begun. */
const drainLimitMs = 8_000

/**
 * Opens everything onto the stack, which closes it in reverse. Returns what ends the process: the signal, the
 * database when it died, or another operator that took the same database over.
 */
export const compose = async (
  config: StandaloneConfig,
  { logOf, signal, stack }: Frame,
): Promise<AbortSignal> => {
  const log = logOf('standalone')
  const manifests = await manifestFolder(config.manifests)
  const state = stack.use(await openStateFolder(config.state))
  // Left behind by an instance that was killed.
  await rm(state.ready, { force: true })
  await createPepper(state.pepper, new Date())
  const keyring = stack.use(
    await openKeyring(state.pepper, { onError: (error) => log.error({ err: error }, 'peppers not read') }),
  )
  const metrics = createMetrics({ tenantLabelLimit: config.tenantLabelLimit })
  const readiness: { directory?: Directory } = {}
  const ops = stack.use(
    await startOps({
      port: config.opsPort,
      registry: metrics.registry,
      async ready() {
        if (signal.aborted) return 'stopping'
        if (readiness.directory === undefined) return 'starting'
        return (
          (await schemaIsCurrent(readiness.directory)) || 'the database has not the schema of this release'
        )
      },
    }),
  )
  const database = stack.use(await openDatabase(config, state.postgres, signal))
  await migrate(database.ownerUrl, { signal })
  const onError = (err: unknown): void => {
    // Once stopping has begun, connections are closed on purpose.
    if (!signal.aborted) log.warn({ err }, 'connection to Postgres lost')
  }
  const directoryOf = async (url: string, applicationName: string, isPooled = false): Promise<Directory> =>
    stack.use(await openDirectory({ url, applicationName, isPooled, onError }))
  const owner = await directoryOf(database.ownerUrl, 'scim-operator')
  const directory = await directoryOf(database.appUrl, 'scim-server', config.databasePooled)
  const workerDirectory = await directoryOf(database.workerUrl, 'scim-worker')
  const kube = stack.use(
    await openKubeFolder({ manifests, folder: state.kubernetes, definitions: crds(), log: logOf('kube') }),
  )
  const server = stack.use(
    await startServer({
      directory,
      keyring,
      metrics,
      log: logOf('server'),
      scimPort: config.scimPort,
      directoryPort: config.directoryPort,
      pathRouting: true,
      pathOrigin: 'self',
      drainLimitMs,
    }),
  )
  stack.use(
    await startWorker({ url: database.workerUrl, directory: workerDirectory, metrics, log: logOf('worker') }),
  )
  const caches = stack.use(openCaches({ kube, clock: systemClock(), metrics, log: logOf('operator') }))
  const operator = stack.use(
    await startOperator({
      kube,
      caches,
      owner,
      keyring,
      metrics,
      log: logOf('operator'),
      drainLimitMs,
      settings: {
        defaultEndpointType: 'HTTPRoute',
        publicScheme: 'http',
        publicPort: server.scimPort,
        pathOrigin: `http://127.0.0.1:${server.scimPort}`,
        directoryURL: `http://127.0.0.1:${server.directoryPort}`,
        ...(config.baseDomain === undefined ? {} : { baseDomain: config.baseDomain }),
        // This process is the gateway and what stands behind it (kube-folder/gateway.ts).
        parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'standalone' }],
        backend: { name: 'standalone', port: server.scimPort },
      },
    }),
  )
  readiness.directory = directory
  stack.use(
    announce({
      kube,
      file: state.ready,
      facts: {
        ports: { scim: server.scimPort, directory: server.directoryPort, ops: ops.port },
        manifests,
        kubernetes: state.kubernetes,
        folderFlags:
          copiedFlag('--state', config.state, '.state') +
          copiedFlag('--manifests', config.manifests, 'manifests'),
      },
      print: (text) => process.stdout.write(text),
      onError: (error) => log.error({ err: error }, 'ready.json not written'),
    }),
  )
  return AbortSignal.any([signal, database.died, operator.lost])
}

const manifestFolder = async (given: string): Promise<string> => {
  const path = resolve(given)
  const facts = await stat(path).catch(() => undefined)
  if (facts?.isDirectory() !== true)
    throw new Mistake(
      `There is no folder ${path}: make it, or name the folder of your manifests with --manifests.`,
    )
  return path
}
