/** Reading the change log as a feed: in an order in which nothing appears behind a reader. */

import type { JsonObject } from '#scim/json.ts'
import type { ChangeAction } from './changes.ts'
import type { Directory } from './database.ts'
import { inTenant } from './tenant-scope.ts'
import type { TenantId } from './tenant-scope.ts'

/** One row of the log. A write of many members has several, with the same version. */
export interface Change {
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly requestId: string
  readonly action: ChangeAction
  readonly resourceType: string
  readonly resourceId: string
  readonly version: number
  /**
   * `data`: the document, as it is now, or was when it was deleted. `added`, `removed`: ids of members.
   * `pendingAdded`, `pendingRemoved`: pushed values that are nobody's id.
   */
  readonly detail: JsonObject
}

export type FeedPage =
  | { readonly kind: 'page'; readonly changes: readonly Change[]; readonly cursor: string }
  /** The cursor is from before the database was restored: transactions are counted anew, so begin again. */
  | { readonly kind: 'expired' }
  /** The text is no cursor of this feed. */
  | { readonly kind: 'invalid' }

interface FeedRow extends Change {
  readonly epoch: string
  readonly xid: string
  readonly ordinal: number
}

interface Cursor {
  readonly epoch: string
  readonly xid: string
  readonly ordinal: number
  readonly id: string
}

/**
 * Changes after a cursor, from the beginning without one. The order is that of transactions and within them of
 * writes, and only what is older than every transaction still running is shown: a commit that comes late is
 * therefore never behind a cursor. `cursor` is to be used next, also when there is no change now.
 */
export async function readChanges(
  directory: Directory,
  tenantId: TenantId,
  options: { readonly after?: string; readonly limit: number; readonly signal?: AbortSignal },
): Promise<FeedPage> {
  const after = options.after === undefined ? start : parseCursor(options.after)
  if (after === undefined) return { kind: 'invalid' }
  const statement = {
    name: 'read_changes',
    text: feedText,
    values: [tenantId, after.xid, after.ordinal, after.id, options.limit],
  }
  const rows = await inTenant(directory, tenantId, { ...options, isOneStatement: true }, (scope) =>
    scope.query<FeedRow>(statement),
  )
  const epoch = rows[0]?.epoch ?? ''
  if (after !== start && after.epoch !== epoch) return { kind: 'expired' }
  // The epoch comes even without a change.
  const changes = rows.filter(({ xid }) => xid !== null)
  const cursor = printCursor({ ...(changes.at(-1) ?? after), epoch })
  return { kind: 'page', changes: changes.map(changeFrom), cursor }
}

const feedText = `select feed_epoch.epoch::text as epoch, found.xid::text as xid, found.ordinal, found.id, found.at,
    found.actor, found.request_id as "requestId", found.action, found.resource_type as "resourceType",
    found.resource_id as "resourceId", found.version, found.detail
  from feed_epoch left join lateral (
    select change.* from change
    where change.tenant_id = $1::uuid
      and (change.xid, change.ordinal, change.id) > ($2::xid8, $3::integer, $4::uuid)
      and change.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by change.xid, change.ordinal, change.id limit $5::bigint
  ) as found on true
  order by found.xid, found.ordinal, found.id`

const start: Cursor = { epoch: '', xid: '0', ordinal: -1, id: '00000000-0000-0000-0000-000000000000' }

const cursorPattern = /^(?<epoch>[\w-]+)\.(?<xid>\d{1,19})\.(?<ordinal>-?\d{1,9})\.(?<id>[0-9a-f-]{36})$/

function parseCursor(text: string): Cursor | undefined {
  const groups = cursorPattern.exec(text)?.groups
  if (groups === undefined) return undefined
  const { epoch = '', xid = '', ordinal = '', id = '' } = groups
  return { epoch, xid, ordinal: Number(ordinal), id }
}

function printCursor({ epoch, xid, ordinal, id }: Cursor): string {
  return `${epoch}.${xid}.${String(ordinal)}.${id}`
}

function changeFrom({ epoch: _epoch, xid: _xid, ordinal: _ordinal, ...change }: FeedRow): Change {
  return change
}
