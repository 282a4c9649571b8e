/** The marks of what was touched and is not evaluated yet: a bounded number is taken, and more can be set. */

import type { TenantScope } from './tenant-scope.ts'

export interface Taken {
  /** Users that exist. */
  readonly userIds: readonly string[]
  /** Users and groups that no longer exist. */
  readonly deletedIds: readonly string[]
  readonly marks: number
  /** When the first of these changes was made. */
  readonly oldest: Date
}

/**
 * Deletes exactly the marks that it saw: those of transactions that commit later stay, also of the same resource.
 * Undefined when there are none.
 */
export async function takePending(scope: TenantScope, limit: number): Promise<Taken | undefined> {
  interface Row {
    readonly id: string
    readonly type: string | null
    readonly marks: number
    readonly oldest: Date
  }
  const rows = await scope.query<Row>({
    name: 'take-pending',
    text: `with marked as materialized (
        select resource_id, xid from pending where tenant_id = $1 order by resource_id, xid limit $2
      ), taken as (
        delete from pending using marked
        where pending.tenant_id = $1 and pending.resource_id = marked.resource_id and pending.xid = marked.xid
        returning pending.resource_id, pending.since
      )
      select taken.resource_id as id, resource.type, count(*) as marks, min(taken.since) as oldest
      from taken left join resource on resource.tenant_id = $1 and resource.id = taken.resource_id
      group by taken.resource_id, resource.type`,
    values: [scope.tenantId, limit],
  })
  const [first, ...others] = rows
  if (first === undefined) return undefined
  return {
    userIds: rows.filter(({ type }) => type === 'User').map(({ id }) => id),
    deletedIds: rows.filter(({ type }) => type === null).map(({ id }) => id),
    marks: rows.reduce((sum, row) => sum + row.marks, 0),
    oldest: others.reduce((oldest, row) => (row.oldest < oldest ? row.oldest : oldest), first.oldest),
  }
}

/** Marks the members of some groups, so that they are evaluated soon. */
export async function touchMembers(
  scope: TenantScope,
  groupIds: readonly string[],
  now: Date,
): Promise<void> {
  if (groupIds.length === 0) return
  await scope.query({
    name: 'touch-members',
    text: `insert into pending (tenant_id, resource_id, since)
      select distinct $1::uuid, member_id, $3::timestamptz from membership
      where tenant_id = $1 and group_id = any($2::uuid[])
      on conflict do nothing`,
    values: [scope.tenantId, groupIds, now],
  })
}
