/**
 * For integrations with `postInactive: Reactivate`: some identity providers do not look for a deactivated user and
 * create it again (better-auth #11111, fleet #53446). It is then the same one, with the same id, active again.
 */

import { changeResource } from '#directory/change-resource.ts'
import { listResources } from '#directory/list-resources.ts'
import { readResourceIn } from '#directory/read-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import type { ScimError } from '#scim/errors.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import type { ChangedResource, NewResource, ResourceData, StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { replacementOf } from '#scim/validate.ts'

import type { Call } from './call.ts'

/**
 * The reactivated resource. Throws `conflict`, the refusal of the POST, if the one in the way is active, or of a
 * type that cannot be inactive.
 */
export const reactivate = async (
  call: Call,
  { type, resource }: { readonly type: ResourceType; readonly resource: NewResource },
  rows: { readonly members: boolean; readonly groups: boolean },
  conflict: ScimError,
): Promise<StoredResource> => {
  const id = await inactiveWithNameOf(call, type, resource)
  if (id === undefined) throw conflict
  const { data, membership } = replacementOf(resource, type)
  const change = (current: { readonly data: ResourceData }): ChangedResource => {
    // Somebody else may have been faster.
    if (current.data['active'] !== false) throw conflict
    return { data: { ...data, active: data['active'] ?? true }, membership }
  }
  const stored = await inTenant(call.directory, call.tenant.id, { signal: call.signal() }, async (scope) => {
    const { limits } = call.tenant.settings
    await changeResource(scope, { type, id, change, action: 'replace', limits }, call.actor)
    return readResourceIn(scope, { type, id, ...rows })
  })
  if (stored === undefined) throw conflict
  return stored
}

const inactiveWithNameOf = async (
  call: Call,
  type: ResourceType,
  resource: NewResource,
): Promise<string | undefined> => {
  if (!type.schema.attributes.some(({ name }) => name === 'active')) return undefined
  const name = JSON.stringify(resource.data[type.uniqueAttribute])
  const { resources } = await listResources(call.directory, call.tenant.id, {
    targets: [{ type, filter: parseFilter(`${type.uniqueAttribute} eq ${name} and active eq false`, type) }],
    page: { kind: 'index', startIndex: 1, count: 1 },
    isCounted: false,
    signal: call.signal(),
  })
  return resources[0]?.id
}
