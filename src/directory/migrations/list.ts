/** The migrations in their order; a name once released never changes. */

import type { MigrationObject } from '@mikro-orm/core'
import { Initial } from './initial.ts'
import { LeanerWrites } from './leaner-writes.ts'
import { LighterAssignments } from './lighter-assignments.ts'

export const migrations: readonly MigrationObject[] = [
  { name: '2026112200-initial', class: Initial },
  { name: '2026112201-leaner-writes', class: LeanerWrites },
  { name: '2026112202-lighter-assignments', class: LighterAssignments },
]
