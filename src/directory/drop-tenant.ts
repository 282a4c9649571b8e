/** Removing a tenant and all its data, in steps that end soon. */

import type { QueryResult } from '@mikro-orm/core'
import { Tenant } from './entities/tenant.ts'
import { writeAsOwner, type Owner } from './owner.ts'
import type { TenantId } from './tenant-scope.ts'
import { tombstoneTenant } from './tenant-writes.ts'

/** Rows of one transaction: well within the statement timeout with all that hangs on a resource. */
const rowsPerStep = 2_000

/**
 * The tables that hold a tenant's rows, each with its key, in an order in which nothing is in the way. E-mail
 * addresses, memberships, pending members and assignments go with their resources, rules, pins and states with
 * their policies. To remove a policy waits for the evaluation that holds its state; what that one wrote goes after it.
 */
const tables: readonly { readonly table: string; readonly key: string }[] = [
  { table: 'token', key: 'id' },
  { table: 'resource', key: 'id' },
  { table: 'resource_count', key: 'type, slot' },
  { table: 'policy', key: 'id' },
  { table: 'assignment', key: 'policy_id, user_id, value' },
  { table: 'pending', key: 'resource_id, xid' },
  { table: 'change', key: 'at, id' },
]

/**
 * Removes a tenant with everything of it. From the first step on servers answer 404 for it. A million users take
 * many transactions; stopped in between it is simply called again. A tenant that is not there is no error.
 *
 * @throws StaleEpochError, DatabaseUnavailableError, `signal.reason`
 */
export async function dropTenant(
  owner: Owner,
  tenantId: TenantId,
  options: { readonly now: Date; readonly signal?: AbortSignal },
): Promise<void> {
  await tombstoneTenant(owner, tenantId, { now: options.now, deleteAfter: options.now })
  for (const { table, key } of tables) {
    const statement = `delete from ${table} where tenant_id = ? and (${key}) in
      (select ${key} from ${table} where tenant_id = ? order by ${key} limit ${rowsPerStep})`
    let removed = rowsPerStep
    while (removed === rowsPerStep) {
      options.signal?.throwIfAborted()
      removed = await writeAsOwner(owner, async (em) => {
        const { affectedRows } = await em.execute<QueryResult>(statement, [tenantId, tenantId], 'run')
        return affectedRows
      })
    }
  }
  await writeAsOwner(owner, (em) => em.nativeDelete(Tenant, { id: tenantId }))
}
