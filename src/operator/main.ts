/** `npm run operator`: reconciles a cluster, from environment variables alone, until it is told to stop. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

import { openDirectory } from '#directory/database.ts'
import { operatorSettings } from '#platform/config.ts'
import { Mistake } from '#platform/mistake.ts'
import { openKeyring } from '#platform/pepper.ts'
import { openProbes } from '#platform/probes.ts'
import { sleep } from '#platform/retry.ts'
import { runProcess } from '#platform/run-process.ts'

import { openCaches } from './caches.ts'
import { systemClock } from './clock.ts'
import { openCluster } from './cluster.ts'
import { configured } from './configured.ts'
import { explainDatabase } from './explain-database.ts'
import { isRenewing } from './leadership.ts'
import { TakenOverError, serveTerms } from './terms.ts'

import type { OperatorConfig } from '#platform/config.ts'

import type { Cluster, ClusterOptions } from './cluster.ts'
import type { Leadership } from './leadership.ts'

/** A start that takes longer than this is worth a warning. */
const listLimitMs = 5_000

/** A mistake in the kubeconfig is one of whoever set it; an API server that is away is none. */
async function openClusterOf(config: OperatorConfig, tools: ClusterOptions): Promise<Cluster> {
  const { kubeConfig, watchNamespaces: namespaces } = config
  try {
    return await openCluster({ ...tools, namespaces, ...(kubeConfig === undefined ? {} : { kubeConfig }) })
  } catch (cause) {
    throw new Mistake(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

await runProcess({
  command: 'npm run operator',
  room: 'operator',
  settings: operatorSettings,
  // Terms end by their own limit; what remains are connections.
  stopLimitMs: 5_000,
  explain: explainDatabase,
  async run(config, { logOf, signal, stack }) {
    const log = logOf('operator')
    let leadership: Leadership | undefined
    const { metrics, readiness, opsPort } = await openProbes(config, {
      log,
      signal,
      stack,
      live: () => leadership === undefined || isRenewing(leadership),
    })
    const kube = stack.use(await openClusterOf(config, { metrics, log }))
    const keyring = stack.use(
      await readiness.until('the peppers', () =>
        openKeyring(config.pepper, { onError: (err) => log.error({ err }, 'peppers not read') }),
      ),
    )
    const owner = stack.use(
      await openDirectory({
        url: config.databaseOwnerUrl,
        applicationName: 'scim-operator',
        onError: (err) => log.debug({ err }, 'connection to Postgres lost'),
      }),
    )
    const caches = stack.use(openCaches({ kube, clock: systemClock(), metrics, log }))
    await readiness.until('Kubernetes', async () => {
      await Promise.race([caches.synced, sleep(listLimitMs, signal)])
      const { missing } = caches
      if (missing.length > 0) throw new Error(`no list of ${missing.join(', ')} has come yet`)
    })
    readiness.declare()
    log.info({ opsPort }, 'ready')
    const terms = serveTerms({
      election: {
        leases: kube.leases,
        key: { namespace: config.podNamespace, name: config.leaseName },
        identity: `${config.podName ?? hostname()}_${randomUUID()}`,
        clock: systemClock(() => performance.now()),
        now: () => new Date(),
        metrics,
        log,
      },
      operator: { kube, caches, owner, keyring, metrics, log, settings: configured(config) },
      ownerUrl: config.databaseOwnerUrl,
      signal,
      onWon: (won) => (leadership = won),
    })
    await terms.catch((error: unknown) => {
      if (!(error instanceof TakenOverError)) throw error
      log.error({ err: error }, 'another operator leads; this one exits')
      // At once: closing in order would take time in which two lead.
      process.exit(1)
    })
  },
})
