/**
 * The row lock under which a resource changes. It is taken by a statement of its own: one that waits for a lock goes
 * on with the snapshot from before, and would miss what the other one did.
 */

import type { StoredResource } from '#scim/resource.ts'
import { planOnce } from './plan-once.ts'
import { prepared } from './prepared.ts'
import { resourceColumns } from './resource-row.ts'

/** Locks the resource and reads its version. Returns a LockedRow, or no row. */
export const lockResource = prepared(
  'lock_resource',
  `select resource.version, resource.last_modified as "lastModified", ${planOnce} from resource
  where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
  for no key update`,
)

/**
 * Waits from here on end soon, and the transaction begins again. What must be locked after a look at the resource
 * (waiting values, members, groups to join) comes in an order of its own, so two that wait for each other would
 * otherwise stand until Postgres looks for deadlocks, a second later.
 */
const thenWaitBriefly = `set_config('lock_timeout', '100ms', true) as waits`

/** The same before a decision by the caller. */
export const lockVersion = prepared(
  'lock_version',
  `select resource.version, resource.last_modified as "lastModified", ${planOnce}, ${thenWaitBriefly} from resource
  where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
  for no key update`,
)

/** Locks the resource and reads its document too. Returns a ResourceRow, or no row. */
export const lockDocument = prepared(
  'lock_document',
  `select ${resourceColumns('resource')}, ${planOnce}, ${thenWaitBriefly} from resource
  where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
  for no key update`,
)

export interface LockedRow {
  readonly version: number
  readonly lastModified: Date
}

/**
 * Looks at the version before anything is changed and throws to refuse, as for If-Match. The row is locked, so the
 * version stays what it is.
 */
export type Precondition = (version: StoredResource['version']) => void
