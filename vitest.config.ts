import { defineConfig } from 'vitest/config'
import { isApiServerAtHand } from './test/kube/assets.ts'

/**
 * Projects by cost: pure rooms, real Postgres, real HTTP, whole ways through the product, a real API server. The limits
 * are for machines several times slower than ours; no test waits for them, or promises to keep to them.
 */
const project = (name: string, include: readonly string[], seconds: number) => ({
  extends: true as const,
  test: {
    name,
    include: [...include],
    testTimeout: seconds * 1000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
})

const kube = project('kube', ['test/kube/**/*.test.ts'], 300)

/** No download and no build in an ordinary run: `npm run test:kube` does that first. */
const hasApiServer = await isApiServerAtHand()

export default defineConfig({
  test: {
    globalSetup: ['test/kit/global-setup.ts', ...(hasApiServer ? [] : ['test/kube/left-out.ts'])],
    maxWorkers: 2,
    projects: [
      project('unit', ['test/{scim,assignment,platform,operator,standalone,worker,kit}/**/*.test.ts'], 60),
      project('database', ['test/directory/**/*.test.ts'], 120),
      project('http', ['test/{server,conformance}/**/*.test.ts'], 120),
      project('e2e', ['test/{e2e,image}/**/*.test.ts'], 300),
      ...(hasApiServer
        ? [{ ...kube, test: { ...kube.test, globalSetup: ['test/kube/global-setup.ts'] } }]
        : []),
    ],
  },
})
