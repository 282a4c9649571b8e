import { defineConfig } from 'vitest/config'
import { isApiServerAtHand } from './test/kube/assets.ts'

/** Projects by cost: pure rooms, real Postgres, real HTTP, whole ways through the product, a real API server. */
const project = (name: string, include: readonly string[], seconds: number) => ({
  extends: true as const,
  test: { name, include: [...include], testTimeout: seconds * 1000, hookTimeout: 60_000 },
})

const kube = project('kube', ['test/kube/**/*.test.ts'], 120)

/** No download and no build in an ordinary run: `npm run test:kube` does that first. */
const hasApiServer = await isApiServerAtHand()

export default defineConfig({
  test: {
    globalSetup: ['test/kit/global-setup.ts', ...(hasApiServer ? [] : ['test/kube/left-out.ts'])],
    maxWorkers: 2,
    projects: [
      project('unit', ['test/{scim,assignment,platform,operator,standalone,worker,kit}/**/*.test.ts'], 20),
      project('database', ['test/directory/**/*.test.ts'], 60),
      project('http', ['test/{server,conformance}/**/*.test.ts'], 60),
      project('e2e', ['test/{e2e,image}/**/*.test.ts'], 120),
      ...(hasApiServer
        ? [{ ...kube, test: { ...kube.test, globalSetup: ['test/kube/global-setup.ts'] } }]
        : []),
    ],
  },
})
