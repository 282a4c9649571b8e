/** DELETE: 204, and the resource is gone with its memberships; a second time 404 (RFC 7644 section 3.6). */

import { deleteResource } from '#directory/delete-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import type { ResourceType } from '#scim/schema.ts'

import { noContent } from '#server/answer.ts'
import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { notFound } from '#server/not-found.ts'

export const remove = async (call: Call, type: ResourceType, id: string): Promise<Answer> => {
  const condition = call.precondition === undefined ? {} : { precondition: call.precondition }
  const isDeleted = await inTenant(call.directory, call.tenant.id, { signal: call.signal() }, (scope) =>
    deleteResource(scope, { type, id, ...condition }, call.actor),
  )
  if (!isDeleted) throw notFound(type, id)
  call.changed()
  return noContent()
}
