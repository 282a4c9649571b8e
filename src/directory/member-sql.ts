/**
 * Members as set-based SQL: the CTEs that turn pushed values into rows, whatever their number.
 *
 * A value that is the id of a resource, or else the externalId of exactly one, becomes a membership; every other
 * value waits in `pending_member` (RFC 7643 knows no such thing, identity providers push them all the same).
 *
 * All of them expect a CTE `holder` with at most one row, the resource whose members change, and that its row is
 * locked since before the statement began: a statement that waits for a lock goes on with its old snapshot.
 */

/**
 * Which kinds of change a statement makes; each combination is a text of its own, prepared once. A replacement
 * always adds, if only nobody.
 */
export interface MemberParts {
  readonly adds: boolean
  readonly removes: boolean
  readonly isReplace: boolean
}

export function hasMembers(parts: MemberParts): boolean {
  return parts.adds || parts.removes || parts.isReplace
}

/**
 * The one resource that has an externalId. Users and groups may be numbered alike, so it is unique within a type;
 * a user comes before a group (`User` sorts last).
 */
export function idByExternalId(value: string, tenant = ':tenant::uuid'): string {
  return `(select (array_agg(one.id))[1] from resource one
      where one.tenant_id = ${tenant} and one.external_id = ${value}
      group by one.type having count(*) = 1 order by one.type desc limit 1)`
}

/** The resource that a pushed value means by its id. */
export function idById(id: string, tenant = ':tenant::uuid'): string {
  return `(select one.id from resource one where one.tenant_id = ${tenant} and one.id = ${id})`
}

/**
 * CTEs that change the rows, and last `moved (value, kind)`: every row that did change. Parameters: tenant, id, and
 * those of `addValues` and `removeValues` for the parts that there are.
 */
export function memberCtes(parts: MemberParts): readonly string[] {
  return [
    ...(parts.removes ? aimed : []),
    ...(parts.adds ? found(parts) : []),
    ...(parts.adds ? added : []),
    ...(parts.removes || parts.isReplace ? [removed(parts)] : []),
    cleared(parts),
    moved(parts),
  ]
}

/** Ids of the members that came or went: the rows that a mark is set for. */
export function movedIds(parts: MemberParts): string {
  const ids = [
    ...(parts.adds ? ['select member_id as id from added'] : []),
    ...(parts.removes || parts.isReplace ? ['select member_id as id from removed'] : []),
  ]
  return ids.join(' union ')
}

const memberOfHolder = `membership.tenant_id = :tenant::uuid and membership.group_id = :id::uuid`

/** What the values to remove mean: an id, the one member with that externalId, or the one resource. */
const aimed: readonly string[] = [
  `aimed as materialized (
    select pushed.value, pushed.position, coalesce(
      ${idById('pushed.id')},
      (select (array_agg(one.id))[1] from resource one join membership
        on membership.tenant_id = one.tenant_id and membership.member_id = one.id
        where one.tenant_id = :tenant::uuid and one.external_id = pushed.value and ${memberOfHolder}
        having count(*) = 1),
      ${idByExternalId('pushed.value')}
    ) as id
    from unnest(:remove_values::text[], :remove_ids::uuid[], :remove_positions::integer[])
      as pushed(value, id, position)
  )`,
]

/** What the values to add mean, and whether they are members already. */
function found(parts: MemberParts): readonly string[] {
  const wins = `named.id is null
        or named.id not in (select latest.id from latest where latest.removed > latest.added)`
  return [
    `named as materialized (
      select pushed.value, pushed.position, coalesce(
        ${idById('pushed.id')},
        ${idByExternalId('pushed.value')}
      ) as id
      from holder cross join unnest(:add_values::text[], :add_ids::uuid[], :add_positions::integer[])
        as pushed(value, id, position)
    )`,
    ...(parts.removes ? [latest] : []),
    `found as materialized (
      select named.value, named.id, ${parts.isReplace ? isMember : 'false'} as is_member
      from named ${parts.removes ? `where ${wins}` : ''}
    )`,
  ]
}

/** When each member was last named by an addition and by a removal, whatever the value was that named it. */
const latest = `latest as materialized (
  select said.id, max(said.position) filter (where said.is_added) as added,
    max(said.position) filter (where not said.is_added) as removed
  from (
    select named.id, named.position, true as is_added from named
    union all select aimed.id, aimed.position, false from aimed
  ) as said
  where said.id is not null group by said.id
)`

/**
 * A replacement names mostly those who are members already, and leaves their rows and locks alone. A scalar subquery
 * and not `exists`, which the planner may answer by reading the whole group.
 */
const isMember = `(
        select true from membership where ${memberOfHolder} and membership.member_id = named.id
      ) is not null`

const added: readonly string[] = [
  // A member that is deleted meanwhile is waited for and then not found; a foreign key would fail instead. Lateral,
  // since a locking subquery is planned by itself: one index probe each, never a join with all of the tenant.
  `fresh as materialized (
    select member.id from found cross join lateral (
      select one.id from resource one where one.tenant_id = :tenant::uuid and one.id = found.id for key share
    ) as member
    where not found.is_member
  )`,
  `added as (
    insert into membership (tenant_id, group_id, member_id)
    select distinct :tenant::uuid, :id::uuid, fresh.id from fresh
    on conflict do nothing returning member_id
  )`,
  `unknown as materialized (
    select found.value from found
    where not found.is_member and (found.id is null or found.id not in (select fresh.id from fresh))
  )`,
  `pended as (
    insert into pending_member (tenant_id, group_id, value)
    select :tenant::uuid, :id::uuid, unknown.value from unknown
    on conflict do nothing returning value
  )`,
]

function removed(parts: MemberParts): string {
  // An array is an index condition of the membership's key at any size of the group; a join is one by luck.
  const gone = parts.isReplace
    ? `membership.member_id not in (select found.id from found where found.id is not null)`
    : `membership.member_id = any(array(select aimed.id from aimed where aimed.id is not null ${
        parts.adds
          ? `and aimed.id not in (select latest.id from latest where latest.added > latest.removed)`
          : ''
      }))`
  return `removed as (
    delete from membership where ${memberOfHolder} and ${gone} returning member_id
  )`
}

/** Values that wait no more: removed, or pushed again now that they mean somebody. */
function cleared(parts: MemberParts): string {
  const ofHolder = `pending_member.tenant_id = :tenant::uuid and pending_member.group_id = :id::uuid`
  const known = [
    ...(parts.adds
      ? [`array(select found.value from found where found.value not in (select unknown.value from unknown))`]
      : []),
    ...(parts.removes ? [':remove_values::text[]'] : []),
  ]
  const gone = parts.isReplace ? `not in (select unknown.value from unknown)` : `= any(${known.join(' || ')})`
  return `cleared as (
    delete from pending_member where ${ofHolder} and pending_member.value ${gone} returning value
  )`
}

/** CTE `moved_rows (rows, delta)`: how many rows came or went, and by how many the resource has more now. */
export const movedRows = `moved_rows as (
  select count(*) as rows,
    count(*) filter (where moved.kind in ('added', 'pendingAdded'))
      - count(*) filter (where moved.kind in ('removed', 'pendingRemoved')) as delta
  from moved
)`

function moved(parts: MemberParts): string {
  const rows = [
    ...(parts.adds
      ? [
          `select member_id::text as value, 'added' as kind from added`,
          `select value, 'pendingAdded' from pended`,
        ]
      : []),
    ...(parts.removes || parts.isReplace
      ? [`select member_id::text as value, 'removed' as kind from removed`]
      : []),
    `select value, 'pendingRemoved' as kind from cleared`,
  ]
  return `moved as (${rows.join(' union all ')})`
}
