/**
 * Members that were pushed before they existed, and how they join when a resource appears whose id or externalId
 * they are.
 *
 * A push that finds nobody and a creation that finds no waiting value must not pass each other unseen. So a push
 * takes an exclusive advisory lock for each value that it cannot resolve, a creation one for its externalId (shared
 * unless it joins), each in a statement before the one that looks. Values share 256 locks per tenant, since the lock
 * table of Postgres is small.
 */

import { logOthersCte } from './changes.ts'
import { idByExternalId, idById } from './member-sql.ts'
import { planOnce } from './plan-once.ts'
import { prepared } from './prepared.ts'
import { nearLimit } from './resource-count.ts'

/** Keeps clear of the locks that are made of the same tenant id for other purposes. */
const firstSeed = 7_000

const lockKey = (value: string): string =>
  `hashtextextended(:tenant::text, ${String(firstSeed)} + (hashtext(${value}) & 255))`

/** Locks the values that are nobody's now; in the order of the keys, so that two pushes never wait for each other. */
export const lockUnresolved = prepared(
  'lock_unresolved_members',
  `select pg_advisory_xact_lock(lock.key) from (
    select distinct ${lockKey('pushed.value')} as key
    from unnest(:add_values::text[], :add_ids::uuid[]) as pushed(value, id)
    where coalesce(${idById('pushed.id')}, ${idByExternalId('pushed.value')}) is null
    order by key
  ) as lock`,
)

function externalIdLock(mode: 'shared' | 'exclusive'): string {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock'
  return `case when :external_id::text is not null then ${lock}(${lockKey(':external_id::text')}) end as known`
}

/** Keeps pushes of this externalId out until the resource that has it is there; without one it locks nothing. */
export const shareExternalId = prepared(
  'share_external_id',
  `select ${planOnce}, ${externalIdLock('shared')}`,
)

/**
 * The same before groups are joined. Others with the same externalId are kept out too: of two that come at once the
 * second finds the first, and only one joins.
 */
export const lockExternalId = prepared(
  'lock_external_id',
  `select ${planOnce}, ${externalIdLock('exclusive')}`,
)

/** The same before a creation, which may have to wait for its turn. */
export const beginCreation = prepared(
  'begin_creation',
  `select ${planOnce}, ${externalIdLock('exclusive')}, ${nearLimit}`,
)

/** SQL: whether a group waits for the externalId. Nobody can have pushed an id that is being given out only now. */
export const isWaitedFor = `(:external_id::text is not null and exists (
  select from pending_member
  where pending_member.tenant_id = :tenant::uuid and pending_member.value = :external_id::text))`

/**
 * CTEs by which the resource `:id` of type `:type` with the externalId `:external_id` joins every group that waits
 * for it. Groups are locked by id. A waiting row that was removed meanwhile is not deleted here, so nothing joins.
 */
export const joinCtes: readonly string[] = [
  `joining as materialized (
    select pending_member.group_id, pending_member.value
    from pending_member join resource holder
      on holder.tenant_id = pending_member.tenant_id and holder.id = pending_member.group_id
    where pending_member.tenant_id = :tenant::uuid
      and pending_member.value = any(array[:id::uuid::text, :external_id::text])
      and pending_member.group_id <> :id::uuid
      and (pending_member.value = :id::uuid::text or not exists (
        select from resource twin where twin.tenant_id = :tenant::uuid and twin.external_id = :external_id::text
          and twin.type = :type::text and twin.id <> :id::uuid))
    order by holder.id for no key update of holder
  )`,
  // The arrays say nothing new; they are index conditions, where a join may read all that waits in the tenant.
  `joined as (
    delete from pending_member using joining
    where pending_member.tenant_id = :tenant::uuid and pending_member.group_id = joining.group_id
      and pending_member.value = joining.value
      and pending_member.group_id = any(array(select joining.group_id from joining))
      and pending_member.value = any(array(select joining.value from joining))
    returning pending_member.group_id
  )`,
  `joined_groups as (
    insert into membership (tenant_id, group_id, member_id)
    select distinct :tenant::uuid, joined.group_id, :id::uuid from joined
    on conflict do nothing returning group_id
  )`,
  // Where it was a member already, only the count of rows moves: nobody can see that a value waits no more.
  `holders as (
    update resource set version = resource.version + waited.joins,
      last_modified = case waited.joins
        when 1 then greatest(resource.last_modified, :now::timestamptz) else resource.last_modified end,
      member_count = resource.member_count + waited.joins - waited.values
    from (
      select joined.group_id, count(*) as values, max(case
        when joined.group_id in (select joined_groups.group_id from joined_groups) then 1 else 0 end) as joins
      from joined group by joined.group_id
    ) as waited
    where resource.tenant_id = :tenant::uuid and resource.id = waited.group_id
      and resource.id = any(array(select joined.group_id from joined))
    returning resource.id, resource.type, resource.version, waited.joins
  )`,
  `others as (select holders.id, holders.type, holders.version from holders where holders.joins = 1)`,
  logOthersCte('join', 'added'),
]
