/** POST: a new resource, 201 with its whole representation (RFC 7644 section 3.3). */

import { createResource } from '#directory/create-resource.ts'
import { readResourceIn } from '#directory/read-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import type { ResourceType } from '#scim/schema.ts'
import { parseResource } from '#scim/validate.ts'

import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { projectionOf, represent, rowsFor } from '#server/representation.ts'

export const create = async (call: Call, type: ResourceType): Promise<Answer> => {
  const { resource, dialects } = parseResource(await call.body(), type)
  call.note(dialects)
  const projection = projectionOf(call, type)
  const rows = rowsFor(projection, type)
  const hasMembers = rows.members && (resource.members?.length ?? 0) > 0
  const stored = await inTenant(call.directory, call.tenant.id, { signal: call.signal }, async (scope) => {
    const created = await createResource(scope, type, resource, call.actor)
    // Only those members that exist are shown; which ones, the rows tell.
    return (
      (hasMembers ? await readResourceIn(scope, { type, id: created.id, ...rows }) : undefined) ?? created
    )
  })
  call.changed()
  return { ...represent(call, stored, type, projection), status: 201 }
}
