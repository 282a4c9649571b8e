/** The statement that creates a resource: for one that touches nothing else, and for one that does. */

import { chunkCtes, detailsWith, logCte } from './changes.ts'
import { withinLimit } from './limits.ts'
import { memberCtes, movedIds, movedRows } from './member-sql.ts'
import { markCte } from './pending.ts'
import { prepared } from './prepared.ts'
import type { Prepared } from './prepared.ts'
import { countCte, isFarFromLimit, isWithinLimit } from './resource-count.ts'
import { isWaitedFor, joinCtes } from './waiting-members.ts'

function inserted(condition: string, memberCount = '0'): readonly string[] {
  return [
    `created as (
      insert into resource (tenant_id, id, type, unique_key, display_key, external_id, active, data, folded,
        version, created, last_modified, member_count)
      select :tenant::uuid, :id::uuid, :type::text, :unique_key::text, :display_key::text, :external_id::text,
        :active::boolean, :data::jsonb, :folded::jsonb, 1, :now::timestamptz, :now::timestamptz, ${memberCount}
      where ${condition}
      returning id, version
    )`,
    `addresses as (
      insert into email (tenant_id, resource_id, ordinal, type, value_key)
      select :tenant::uuid, created.id, address.ordinal, address.type, address.value_key
      from created cross join unnest(:email_types::text[], :email_keys::text[])
        with ordinality as address(type, value_key, ordinal)
    )`,
  ]
}

/**
 * Creates what has no members, and only if no group waits for it and the limit is far: one look each. It returns no
 * row, and nothing is written, where that does not hold. Without the CTEs for members and groups the statement costs
 * Postgres a fifth less.
 */
export const createAlone: Prepared = prepared(
  'create_alone',
  `with ${[
    ...inserted(`not ${isWaitedFor} and ${isFarFromLimit}`),
    `details as (select 0 as chunk, jsonb_build_object('data', :data::jsonb) as detail)`,
    logCte('details', 'created'),
    markCte('select id from created'),
    countCte('created', 1),
  ].join(', ')}
  select version from created`,
)

const pushed = { adds: true, removes: false, isReplace: false }

/** Before the row itself, which holds their number. */
const withMembers: readonly string[] = [
  'holder as (select :id::uuid as id)',
  ...memberCtes(pushed),
  movedRows,
  ...inserted(isWithinLimit, `(select ${withinLimit('moved_rows.delta', 'members')} from moved_rows)`),
]
const noMembers = `moved as (select null::text as value, null::text as kind where false)`

function creation(name: string, hasMembers: boolean): Prepared {
  const self = 'select :id::uuid as id'
  const ctes = [
    ...(hasMembers ? withMembers : [...inserted(isWithinLimit), noMembers]),
    ...joinCtes,
    ...chunkCtes,
    detailsWith(':data::jsonb'),
    logCte('details', 'created'),
    markCte(hasMembers ? `${self} union ${movedIds(pushed)}` : self),
    countCte('created', 1, 'others'),
  ]
  return prepared(name, `with ${ctes.join(', ')} select version from created`)
}

/** Creates a resource without members, and it joins the groups that waited for it. */
export const createAwaited = creation('create_resource', false)
/** The same with members. */
export const createWithMembers = creation('create_resource_with_members', true)
