/** The migrations in their order; a name once released never changes. */

import type { MigrationObject } from '@mikro-orm/core'
import { Initial } from './initial.ts'

export const migrations: readonly MigrationObject[] = [{ name: '2026112200-initial', class: Initial }]
