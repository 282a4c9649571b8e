/** What is measured, in this order: later rows use the integrations that earlier ones made, and make what is missing. */

import { createdRoutes, createdShared, editRows, grownRow } from './rows-change.ts'
import { memoryOfFew, memoryOfNone, rest } from './rows-rest.ts'
import { failover, restarted } from './rows-restart.ts'

import type { Row } from './row.ts'

export const rows: readonly Row[] = [
  memoryOfNone,
  createdShared,
  memoryOfFew,
  createdRoutes,
  ...editRows,
  grownRow,
  restarted,
  rest,
  failover,
]
