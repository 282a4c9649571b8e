/** Creating a resource: one data-modifying statement, whatever comes with it. */

import { randomUUIDv7 } from 'node:crypto'
import type { NewResource, StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { chunkCtes, detailsWith, logCte, logValues } from './changes.ts'
import type { Actor } from './changes.ts'
import { limitValues, withinLimit } from './limits.ts'
import type { RowLimits } from './limits.ts'
import { memberCtes, movedIds, movedRows } from './member-sql.ts'
import { addValues, netOf } from './member-values.ts'
import { markCte } from './pending.ts'
import { prepared } from './prepared.ts'
import type { Prepared } from './prepared.ts'
import { countCte, isWithinLimit } from './resource-count.ts'
import { documentValues } from './resource-row.ts'
import type { TenantScope } from './tenant-scope.ts'
import { beginCreation, joinCtes, lockUnresolved } from './waiting-members.ts'
import { writeRefusal } from './write-refusal.ts'

const inserted = (memberCount: string): readonly string[] => [
  `created as (
    insert into resource (tenant_id, id, type, unique_key, display_key, external_id, active, data, folded,
      version, created, last_modified, member_count)
    select :tenant::uuid, :id::uuid, :type::text, :unique_key::text, :display_key::text, :external_id::text,
      :active::boolean, :data::jsonb, :folded::jsonb, 1, :now::timestamptz, :now::timestamptz, ${memberCount}
    where ${isWithinLimit}
    returning id, version
  )`,
  `addresses as (
    insert into email (tenant_id, resource_id, ordinal, type, value_key)
    select :tenant::uuid, :id::uuid, address.ordinal, address.type, address.value_key
    from unnest(:email_types::text[], :email_keys::text[]) with ordinality as address(type, value_key, ordinal)
  )`,
]

const pushed = { adds: true, removes: false, isReplace: false }

/** Before the row itself, which holds their number. */
const withMembers: readonly string[] = [
  'holder as (select :id::uuid as id)',
  ...memberCtes(pushed),
  movedRows,
  ...inserted(`(select ${withinLimit('moved_rows.delta', 'members')} from moved_rows)`),
]
const noMembers = `moved as (select null::text as value, null::text as kind where false)`

function creation(name: string, hasMembers: boolean): Prepared {
  const self = 'select :id::uuid as id'
  const ctes = [
    ...(hasMembers ? withMembers : [...inserted('0'), noMembers]),
    ...joinCtes,
    ...chunkCtes,
    detailsWith(':data::jsonb'),
    logCte('details', 'created'),
    markCte(hasMembers ? `${self} union ${movedIds(pushed)}` : self),
    countCte('created', 1),
  ]
  return prepared(name, `with ${ctes.join(', ')} select version from created`)
}

const createAlone = creation('create_resource', false)
const createWithMembers = creation('create_resource_with_members', true)

/**
 * Creates a resource with its members and joins the groups that waited for it; one flight of statements. The result
 * has neither `members` nor `groups`.
 *
 * @param resource its `now`, the clock of the caller, is written as `created`; its `limits` are those of the tenant
 * @throws ScimError 409 uniqueness when another resource of the type has the unique attribute's folded value, 403 when
 *   a limit is reached
 */
export async function createResource(
  scope: TenantScope,
  type: ResourceType,
  resource: NewResource & { readonly now?: Date; readonly limits?: RowLimits },
  actor: Actor,
): Promise<StoredResource> {
  const id = randomUUIDv7()
  const now = resource.now ?? new Date()
  const { adds } = netOf([{ kind: 'add', values: resource.members ?? [] }])
  const document = documentValues(resource.data, type)
  const values = {
    ...logValues(scope, actor, 'create', now),
    ...document,
    ...addValues(adds),
    ...limitValues(type, resource.limits),
    id,
    type: type.name,
  }
  const create = adds.length > 0 ? createWithMembers : createAlone
  const statements = [
    beginCreation(values),
    ...(adds.length > 0 ? [lockUnresolved(values)] : []),
    create(values),
  ]
  try {
    await scope.batch(statements)
  } catch (error) {
    throw writeRefusal(error, type)
  }
  return { id, type: type.name, json: String(document['data']), version: 1, created: now, lastModified: now }
}
