/** Deleting a resource with everything that names it; its last state stays in the change log. */

import type { ResourceType } from '#scim/schema.ts'
import { chunkCtes, detailsWith, logCte, logOthersCte, logValues } from './changes.ts'
import type { Actor } from './changes.ts'
import type { LockedRow, Precondition } from './lock-resource.ts'
import { isId } from './member-values.ts'
import { markCte } from './pending.ts'
import { planOnce } from './plan-once.ts'
import { prepared } from './prepared.ts'
import { countCte } from './resource-count.ts'
import type { TenantScope } from './tenant-scope.ts'

/** Which resource goes. */
export interface Deletion {
  readonly type: ResourceType
  readonly id: string
  readonly precondition?: Precondition
  /** The clock of the caller. */
  readonly now?: Date
}

const holders = `select resource.id from resource
  where resource.tenant_id = :tenant::uuid and resource.id = any(array(
    select membership.group_id from membership
    where membership.tenant_id = :tenant::uuid and membership.member_id = :id::uuid
    union all select :id::uuid))
  order by resource.id for no key update`

/** The groups that hold the resource, and it, all by id: the order in which everybody locks groups. */
const lockHolders = prepared('lock_holders', holders)

/**
 * The same once more now that nobody else can add it: groups that got it while this waited. To wait for them would be
 * out of order, so the transaction begins again if one is busy.
 */
const lockNewHolders = prepared('lock_new_holders', `${holders} nowait`)

/** Whoever adds it to a group at this moment is waited for, and nobody can afterwards. */
const lockForDeletion = prepared(
  'lock_for_deletion',
  `select resource.version, resource.last_modified as "lastModified", ${planOnce} from resource
  where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
  for update`,
)

const deletion = prepared(
  'delete_resource',
  `with ${[
    `holder as materialized (
      select resource.id, resource.version, resource.data from resource
      where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
    )`,
    `detached as (
      delete from membership using holder
      where membership.tenant_id = :tenant::uuid and membership.member_id = holder.id
        and membership.group_id <> holder.id
      returning membership.group_id
    )`,
    `emptied as (
      delete from membership using holder
      where membership.tenant_id = :tenant::uuid and membership.group_id = holder.id
      returning membership.member_id
    )`,
    `forgotten as (
      delete from pending_member using holder
      where pending_member.tenant_id = :tenant::uuid and pending_member.group_id = holder.id
      returning pending_member.value
    )`,
    `gone as (
      delete from resource using holder
      where resource.tenant_id = :tenant::uuid and resource.id = holder.id
      returning resource.id
    )`,
    `others as (
      update resource set version = resource.version + 1, member_count = resource.member_count - 1,
        last_modified = greatest(resource.last_modified, :now::timestamptz)
      where resource.tenant_id = :tenant::uuid and resource.id = any(array(select group_id from detached))
      returning resource.id, resource.type, resource.version
    )`,
    `moved as (
      select member_id::text as value, 'removed' as kind from emptied
      union all select value, 'pendingRemoved' from forgotten
    )`,
    ...chunkCtes,
    detailsWith('(select holder.data from holder)'),
    logCte('details', 'holder'),
    logOthersCte('leave', 'removed'),
    markCte('select id from gone union select member_id from emptied'),
    countCte('gone', -1, 'others'),
  ].join(', ')}
  select id from gone`,
)

/**
 * Deletes a resource: its addresses, its memberships and assignments, and, if it is a group, its members' rows. The
 * version of each group that held it moves. False if the tenant has no such resource.
 *
 * @throws whatever the precondition throws
 */
export async function deleteResource(scope: TenantScope, wanted: Deletion, actor: Actor): Promise<boolean> {
  const { type, id, precondition } = wanted
  if (!isId(id)) return false
  const values = { ...logValues(scope, actor, 'delete', wanted.now ?? new Date()), id, type: type.name }
  const locking = Promise.all([
    scope.query(lockHolders(values)),
    scope.query<LockedRow>(lockForDeletion(values)),
    scope.query(lockNewHolders(values)),
  ])
  if (precondition === undefined) {
    const [, gone] = await Promise.all([locking, scope.query(deletion(values))])
    return gone.length > 0
  }
  const [, [locked]] = await locking
  if (locked === undefined) return false
  precondition(locked.version)
  const gone = await scope.query(deletion(values))
  return gone.length > 0
}
