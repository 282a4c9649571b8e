/** The first migration: every table, index, function, policy and grant, as written-out SQL. */

import { Migration } from '@mikro-orm/migrations'
import { access } from './initial-access.ts'
import { changeTables } from './initial-changes.ts'
import { functions } from './initial-functions.ts'
import { policyTables } from './initial-policies.ts'
import { resourceTables } from './initial-resources.ts'
import { tenantTables } from './initial-tenants.ts'

export class Initial extends Migration {
  override up(): void {
    const parts = [tenantTables, resourceTables, changeTables, policyTables, functions, access]
    for (const statement of parts.flat()) this.addSql(statement)
  }

  /** Migrations go forward only: a table full of directories is never dropped by a command. */
  override down(): void {
    throw new Error('Migrations of the directory go forward only')
  }
}
