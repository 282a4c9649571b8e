/** What is measured: a new row is a new entry here. */
import { assignmentRows } from './rows-assignment.ts'
import { groupRows } from './rows-group.ts'
import { mixedRow } from './rows-mixed.ts'
import { userRows } from './rows-user.ts'

import type { Row } from './row.ts'

export const rows: readonly Row[] = [...userRows, ...groupRows, mixedRow, ...assignmentRows]
