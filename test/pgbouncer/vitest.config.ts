import path from 'node:path'
import { defineConfig } from 'vitest/config'

/** What needs an installed PgBouncer; not part of `npm test`. */
export default defineConfig({
  root: path.join(import.meta.dirname, '../..'),
  test: {
    name: 'pgbouncer',
    globalSetup: ['test/kit/global-setup.ts'],
    include: ['test/pgbouncer/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
