/**
 * How many resources of each type a tenant has, kept by the statements that create and delete them, so that the total
 * of a list without a filter costs a few rows at any size.
 *
 * A count is the sum over its slots, and each connection has its slot: with one row, all who create at the same time
 * would wait for each other's commits.
 */

import { withinLimit } from './limits.ts'

const slots = 16

/**
 * CTE `counted`: moves the count by as many as the CTE `from` has rows. It reads the CTE `after`, if there is one, in
 * which the statement locks rows of others, so that the row of the slot is the last lock that it takes: whoever waits
 * for it waits for nothing but a commit.
 */
export function countCte(from: string, by: 1 | -1, after?: string): string {
  return `counted as (
    insert into resource_count as slots (tenant_id, type, slot, count)
    select :tenant::uuid, :type::text, pg_backend_pid() % ${String(slots)}, ${String(by)}
    from ${from} ${after === undefined ? '' : `where (select count(*) from ${after}) >= 0`}
    on conflict (tenant_id, type, slot) do update set count = slots.count + excluded.count
  )`
}

/** SQL: how many resources of the types (an SQL array of texts) the tenant has. */
export function countOf(tenant: string, types: string): string {
  return `(select coalesce(sum(resource_count.count), 0)::bigint from resource_count
    where resource_count.tenant_id = ${tenant} and resource_count.type = any(${types}))`
}

const countOfType = countOf(':tenant::uuid', 'array[:type::text]')

/** More than there are ever creations of one tenant under way at once. */
const nearness = 1_000
/** Keeps clear of the locks that are made of the same tenant id for other purposes. */
const lockSeed = 8_000

/**
 * Columns by which creations near the limit come one after the other, in the statement before the creation: the sum
 * does not show what others have not committed. Far below the limit nobody waits.
 */
export const nearLimit = `set_config('scim.near_limit', fullness.is_near::text, true) as is_near,
  case when fullness.is_near
    then pg_advisory_xact_lock(hashtextextended(:tenant::text || :type::text, ${String(lockSeed)})) end as turn
  from (
    select :max_resources::bigint is not null
      and ${countOfType} > :max_resources::bigint - ${String(nearness)} as is_near offset 0
  ) as fullness`

/** SQL: whether the tenant may hold so many more that nobody has to take turns. */
export const isFarFromLimit = `(:max_resources::bigint is null
  or ${countOfType} <= :max_resources::bigint - ${String(nearness)})`

/**
 * The condition of a creation after its turn: it fails with `limitExceeded` when the tenant has as many as it may. A
 * name that is taken goes on to the unique index, since that refusal says more, and is no resource more.
 */
export const isWithinLimit = `case
  when current_setting('scim.near_limit') = 'false' then true
  when exists (select from resource taken where taken.tenant_id = :tenant::uuid and taken.type = :type::text
    and taken.unique_key = :unique_key::text) then true
  else ${withinLimit(`${countOfType} + 1`, 'resources')} > 0 end`
