/** Servers and workers as in a cluster, on one Postgres, with the two tenants of the demo provisioned. */
import { manifests } from '#test/demo/policies.ts'
import { connect, isProvisioned } from '#test/demo/tenants.ts'

import { startBalancer } from './balancer.ts'
import { Child } from './child-process.ts'
import { emptyDatabase } from './postgres.ts'
import { Product } from './product.ts'

import { pathsIn } from '#standalone/state-folder.ts'

import type { Tenant } from '#test/demo/verify.ts'
import type { Balancer } from './balancer.ts'
import type { TestDatabase } from './postgres.ts'
import type { Ready } from './product.ts'

export interface Fleet extends AsyncDisposable {
  readonly db: TestDatabase
  readonly balancer: Balancer
  /** Reached through the balancer. */
  readonly tenants: readonly Tenant[]
  /** Starts a server of this release, or of the one at `root`. */
  server(root?: string): Child
  /** Starts a worker of this release, or of the one at `root`. */
  worker(root?: string): Child
  /** Has requests sent to these servers once they are ready. */
  takeIn(...servers: readonly Child[]): Promise<void>
}

/**
 * Provisions with `npm start` of the release at `root`, which also brings its schema, and stops it again: tenants,
 * tokens and policies are in the database, and nobody serves yet.
 */
export const provisionFleet = async (root?: string): Promise<Fleet> => {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await emptyDatabase())
  const balancer = stack.use(await startBalancer())
  const origin = `http://127.0.0.1:${balancer.scimPort}`
  const product = stack.use(
    await Product.start({
      manifests,
      databases: {
        DATABASE_OWNER_URL: db.ownerUrl,
        DATABASE_URL: db.appUrl,
        WORKER_DATABASE_URL: db.workerUrl,
      },
      ...(root === undefined ? {} : { root }),
    }),
  )
  const ready = await product.ready(isProvisioned)
  const tenants = await connect(product, behind(balancer, ready), new AbortController().signal)
  const code = await product.stop()
  if (code !== 0) throw new Error(`npm start ended with ${code}:\n${product.output}`)

  const opened = stack.move()
  const start = (main: string, env: Readonly<Record<string, string>>, from?: string): Child =>
    opened.use(new Child({ main, env, ...(from === undefined ? {} : { root: from }) }))
  return {
    db,
    balancer,
    tenants,
    server(from) {
      const env = {
        DATABASE_URL: db.appUrl,
        PEPPER_DIR: pathsIn(product.state).pepper,
        PATH_ORIGIN: origin,
        SCIM_PORT: '0',
        DIRECTORY_PORT: '0',
        OPS_PORT: '0',
        // So many probes of the balancer that one comes through also while the machine stalls.
        DRAIN_SECONDS: '10',
      }
      return start('src/server/main.ts', env, from)
    },
    worker: (from) => start('src/worker/main.ts', { WORKER_DATABASE_URL: db.workerUrl, OPS_PORT: '0' }, from),
    async takeIn(...servers) {
      for (const server of servers) {
        await server.untilReady()
        await balancer.add(server)
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** The same facts with the balancer in the place of the one process. */
const behind = (balancer: Balancer, ready: Ready): Ready => ({
  ports: { ...ready.ports, scim: balancer.scimPort, directory: balancer.directoryPort },
  integrations: ready.integrations.map((integration) => {
    const url = new URL(integration.baseURL)
    url.port = String(balancer.scimPort)
    return { ...integration, baseURL: url.href }
  }),
})
