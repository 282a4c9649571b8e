/** A row of `resource` on its way to and from the rest of the product. */

import type { Member, ResourceData, StoredResource } from '#scim/resource.ts'
import { keysOf } from '#scim/keys.ts'
import type { ResourceType } from '#scim/schema.ts'
import { foldedData } from './folded.ts'
import type { NamedValues } from './prepared.ts'

/** A selected row: the columns of `resourceColumns` and perhaps the rows behind it as JSON text. */
export interface ResourceRow {
  readonly id: string
  readonly type: string
  readonly json: string
  readonly version: number
  readonly created: Date
  readonly lastModified: Date
  readonly members?: string | null
  readonly hasManyMembers?: boolean
  readonly groups?: string | null
}

/** The columns of a resource; the document as text, since most answers pass it through unparsed. */
export const resourceColumns = (alias: string): string =>
  `${alias}.id, ${alias}.type, ${alias}.data::text as json, ${alias}.version, ${alias}.created,
    ${alias}.last_modified as "lastModified"`

/** Which rows behind a resource are read with it. */
export interface Included {
  readonly members?: boolean
  readonly groups?: boolean
}

/** Of a resource with more members none is read with it, but all in batches (member-batches.ts). */
export const mostMembersAtOnce = 2_000

/** Further columns: the members, by id, unless they are many, and the groups, each as text of a JSON list. */
export function includedColumns({ members, groups }: Included, alias: string): string {
  return [
    members === true
      ? `, ${hasManyMembers(alias)} as "hasManyMembers",
        case when not ${hasManyMembers(alias)} then ${membersColumn(alias)} end as members`
      : '',
    groups === true ? `, ${groupsColumn(alias)} as groups` : '',
  ].join('')
}

/** Values that wait for their resource count too, so this may be said of one with few members. */
const hasManyMembers = (alias: string): string => `(${alias}.member_count > ${String(mostMembersAtOnce)})`

/** Lateral with a limit, so that each member is one index probe and never a join with all of the tenant. */
const membersColumn = (alias: string): string =>
  `(select json_agg(json_build_array(one.id, one.type, one.data ->> 'displayName') order by one.id)::text
    from membership cross join lateral (
      select resource.id, resource.type, resource.data from resource
      where resource.tenant_id = $1 and resource.id = membership.member_id limit 1
    ) as one
    where membership.tenant_id = $1 and membership.group_id = ${alias}.id)`

/**
 * Nobody is in so many groups that a plain join becomes anything but an index probe for each; they are sorted when
 * they are read. Preparing the plan above to run costs as much as reading the user itself (22 microseconds, this 10).
 */
const groupsColumn = (alias: string): string =>
  `(select json_agg(json_build_array(one.id, 'direct', one.data ->> 'displayName'))::text
    from membership join resource one on one.tenant_id = $1 and one.id = membership.group_id
    where membership.tenant_id = $1 and membership.member_id = ${alias}.id)`

/** The row as the rest of the product knows it. */
export function storedFrom(row: ResourceRow, included: Included = {}): StoredResource {
  const { id, type, json, version, created, lastModified } = row
  return {
    id,
    type,
    json,
    version,
    created,
    lastModified,
    ...(included.members === true &&
      (row.hasManyMembers === true ? { hasManyMembers: true } : { members: membersFrom(row.members) })),
    ...(included.groups === true && { groups: membersFrom(row.groups).toSorted(byId) }),
  }
}

/** Reads the text of a JSON list as it is made here and in member-batches.ts. */
export function membersFrom(text: string | null | undefined): readonly Member[] {
  if (text === null || text === undefined) return []
  const rows: readonly (readonly [id: string, type: string, display: string | null])[] = JSON.parse(text)
  return rows.map(([value, type, display]) => (display === null ? { value, type } : { value, type, display }))
}

/** As text, which is the order of uuids too. */
const byId = (one: Member, other: Member): number => (one.value < other.value ? -1 : 1)

/** The values of the columns that are made of a document. */
export function documentValues(data: ResourceData, type: ResourceType): NamedValues {
  const keys = keysOf(data, type)
  return {
    data: JSON.stringify(data),
    folded: JSON.stringify(foldedData(data, type)),
    unique_key: keys.uniqueKey,
    display_key: keys.displayKey,
    external_id: keys.externalId,
    active: keys.active,
    email_types: keys.emails.map(({ type: label }) => label),
    email_keys: keys.emails.map(({ valueKey }) => valueKey),
  }
}
