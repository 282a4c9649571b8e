/** Reading one resource by its id: one statement on a shared connection. */

import type { StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import type { Directory } from './database.ts'
import { isId } from './member-values.ts'
import { includedColumns, resourceColumns, storedFrom } from './resource-row.ts'
import type { Included, ResourceRow } from './resource-row.ts'
import type { Statement } from './statement.ts'
import { readInTenant } from './tenant-scope.ts'
import type { TenantId, TenantScope } from './tenant-scope.ts'

export type { Included } from './resource-row.ts'

/** The resource, or undefined if the tenant has none of this type and id. */
export async function readResource(
  directory: Directory,
  tenantId: TenantId,
  wanted: { readonly type: ResourceType; readonly id: string; readonly signal?: AbortSignal } & Included,
): Promise<StoredResource | undefined> {
  if (!isId(wanted.id)) return undefined
  const [row] = await readInTenant<ResourceRow>(directory, tenantId, reading(tenantId, wanted), wanted)
  return row && storedFrom(row, wanted)
}

/** The same as part of a transaction, which sees what the transaction wrote. */
export async function readResourceIn(
  scope: TenantScope,
  wanted: { readonly type: ResourceType; readonly id: string } & Included,
): Promise<StoredResource | undefined> {
  if (!isId(wanted.id)) return undefined
  const [row] = await scope.query<ResourceRow>(reading(scope.tenantId, wanted))
  return row && storedFrom(row, wanted)
}

function reading(
  tenantId: TenantId,
  {
    type,
    id,
    members = false,
    groups = false,
  }: { readonly type: ResourceType; readonly id: string } & Included,
): Statement {
  const { name, text } = texts[`${members ? 'members' : 'none'} ${groups ? 'groups' : 'none'}`]
  return { name, text, values: [tenantId, type.name, id] }
}

const textFor = (name: string, included: Included): { readonly name: string; readonly text: string } => ({
  name,
  text: `select ${resourceColumns('resource')}${includedColumns(included, 'resource')}
    from resource where resource.tenant_id = $1 and resource.type = $2 and resource.id = $3`,
})

const texts = {
  'none none': textFor('read_resource', {}),
  'members none': textFor('read_resource_members', { members: true }),
  'none groups': textFor('read_resource_groups', { groups: true }),
  'members groups': textFor('read_resource_members_groups', { members: true, groups: true }),
}
