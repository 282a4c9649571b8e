import { defineConfig } from 'vitest/config'

/** Projects by cost: pure rooms, real Postgres, real HTTP, whole ways through the product. */
const project = (name: string, include: readonly string[], seconds: number) => ({
  extends: true as const,
  test: { name, include: [...include], testTimeout: seconds * 1000, hookTimeout: 60_000 },
})

export default defineConfig({
  test: {
    globalSetup: ['test/kit/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      project('unit', ['test/{scim,assignment,platform,operator,standalone,worker,kit}/**/*.test.ts'], 20),
      project('database', ['test/directory/**/*.test.ts'], 60),
      project('http', ['test/{server,conformance}/**/*.test.ts'], 60),
      project('e2e', ['test/e2e/**/*.test.ts'], 120),
    ],
  },
})
