/** The statement that changes a resource: its document, its addresses, its members, or several of them at once. */

import { chunkCtes, detailsWith, logCte } from './changes.ts'
import { withinLimit } from './limits.ts'
import { hasMembers, memberCtes, movedIds, movedRows } from './member-sql.ts'
import type { MemberParts } from './member-sql.ts'
import { markCte } from './pending.ts'
import { prepared } from './prepared.ts'
import type { Prepared } from './prepared.ts'
import { joinCtes } from './waiting-members.ts'

/** What the statement changes; each combination is a text of its own, prepared once. */
export interface ChangeParts extends MemberParts {
  readonly document: boolean
  readonly addresses: boolean
  /** The externalId is new, so the resource may join groups that waited for it. */
  readonly joins: boolean
}

export interface ChangedRow {
  readonly version: number
  readonly lastModified: Date
}

export const noParts: ChangeParts = {
  document: false,
  addresses: false,
  joins: false,
  adds: false,
  removes: false,
  isReplace: false,
}

const statements = new Map<string, Prepared>()

/**
 * The statement for these parts. It returns a ChangedRow, or no row when nothing changed: version and time move
 * exactly when the document is written or a row of the members came or went. The row of the resource is locked
 * before (`lockResource`).
 */
export function changeStatement(parts: ChangeParts): Prepared {
  const name = `change_resource${suffix(parts)}`
  const known = statements.get(name)
  if (known !== undefined) return known
  const statement = prepared(name, textOf(parts))
  statements.set(name, statement)
  return statement
}

function suffix(parts: ChangeParts): string {
  const names = ['document', 'addresses', 'joins', 'adds', 'removes', 'isReplace'] as const
  return names
    .filter((name) => parts[name])
    .map((name) => `_${name.toLowerCase()}`)
    .join('')
}

function textOf(parts: ChangeParts): string {
  const ctes = [
    ...(hasMembers(parts) ? [holder, ...memberCtes(parts), movedRows] : [nothingMoved]),
    changed(parts),
    ...(parts.addresses ? addresses : []),
    ...(parts.joins ? joinCtes : []),
    ...chunkCtes,
    ...(parts.document ? [detailsWith(':data::jsonb')] : []),
    logCte(parts.document ? 'details' : 'chunks', 'changed'),
    markCte(touchedIds(parts)),
  ]
  return `with ${ctes.join(', ')} select version, last_modified as "lastModified" from changed`
}

/**
 * The version, which is in no index, keeps Postgres from an index that has all that is asked for: it would read the
 * entries of all groups of the tenant there, where its own counting told of few.
 */
const holder = `holder as (
  select resource.id from resource
  where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
    and resource.version > 0
)`

const nothingMoved = `moved as (select null::text as value, null::text as kind where false)`

/** Only growth is refused: a group that is beyond a limit which was lowered may still lose members. */
const memberCount = `resource.member_count + case when moved_rows.delta > 0
      then ${withinLimit('resource.member_count + moved_rows.delta', 'members')} - resource.member_count
      else moved_rows.delta end`

function changed(parts: ChangeParts): string {
  const columns = parts.document
    ? `, data = :data::jsonb, folded = :folded::jsonb, unique_key = :unique_key::text,
      display_key = :display_key::text, external_id = :external_id::text, active = :active::boolean`
    : ''
  const members = hasMembers(parts) ? `, member_count = ${memberCount} from moved_rows` : ''
  return `changed as (
    update resource set version = resource.version + 1,
      last_modified = greatest(resource.last_modified, :now::timestamptz)${columns}${members}
    where resource.tenant_id = :tenant::uuid and resource.id = :id::uuid and resource.type = :type::text
      ${parts.document ? '' : 'and moved_rows.rows > 0'}
    returning resource.version, resource.last_modified
  )`
}

/** Rows are replaced in place and the surplus goes: a row cannot be deleted and inserted by one statement. */
const addresses: readonly string[] = [
  `addresses as (
    insert into email (tenant_id, resource_id, ordinal, type, value_key)
    select :tenant::uuid, :id::uuid, address.ordinal, address.type, address.value_key
    from unnest(:email_types::text[], :email_keys::text[]) with ordinality as address(type, value_key, ordinal)
    on conflict (tenant_id, resource_id, ordinal)
      do update set type = excluded.type, value_key = excluded.value_key
  )`,
  `surplus as (
    delete from email where email.tenant_id = :tenant::uuid and email.resource_id = :id::uuid
      and email.ordinal > cardinality(:email_keys::text[])
  )`,
]

function touchedIds(parts: ChangeParts): string {
  const ids = [
    ...(parts.document ? ['select :id::uuid as id'] : []),
    ...(hasMembers(parts) ? [movedIds(parts)] : []),
  ]
  return ids.join(' union ')
}
