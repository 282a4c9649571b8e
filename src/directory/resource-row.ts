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

/** Further columns: the members and the groups of a resource as text of a JSON list, by id. */
export function includedColumns({ members, groups }: Included, alias: string): string {
  const ofHolder = `membership.group_id = ${alias}.id`
  const ofMember = `membership.member_id = ${alias}.id`
  return [
    members === true ? `, ${listColumn('member_id', ofHolder, 'one.type')} as members` : '',
    groups === true ? `, ${listColumn('group_id', ofMember, `'direct'`)} as groups` : '',
  ].join('')
}

/** Lateral with a limit, so that each resource is one index probe and never a join with all of the tenant. */
function listColumn(id: string, condition: string, type: string): string {
  return `(select json_agg(json_build_array(one.id, ${type}, one.data ->> 'displayName') order by one.id)::text
    from membership cross join lateral (
      select resource.id, resource.type, resource.data from resource
      where resource.tenant_id = $1 and resource.id = membership.${id} limit 1
    ) as one
    where membership.tenant_id = $1 and ${condition})`
}

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
    ...(included.members === true && { members: membersFrom(row.members) }),
    ...(included.groups === true && { groups: membersFrom(row.groups) }),
  }
}

function membersFrom(text: string | null | undefined): readonly Member[] {
  if (text === null || text === undefined) return []
  // Made by json_build_array above.
  const rows: readonly (readonly [id: string, type: string, display: string | null])[] = JSON.parse(text)
  return rows.map(([value, type, display]) => (display === null ? { value, type } : { value, type, display }))
}

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
