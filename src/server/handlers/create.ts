/** POST: a new resource, 201 with its whole representation (RFC 7644 section 3.3). */

import { createInTenant } from '#directory/create-resource.ts'
import { ScimError } from '#scim/errors.ts'
import type { NewResource, StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { parseResource } from '#scim/validate.ts'

import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { reactivate } from '#server/reactivate.ts'
import { projectionOf, represent, rowsFor } from '#server/representation.ts'

export const create = async (call: Call, type: ResourceType): Promise<Answer> => {
  const { resource, dialects } = parseResource(await call.body(), type)
  call.note(dialects)
  const projection = projectionOf(call, type)
  const rows = rowsFor(projection, type)
  const stored = await createOrReactivate(call, type, resource, rows)
  call.changed()
  return { ...(await represent(call, stored, type, projection)), status: 201 }
}

type Rows = ReturnType<typeof rowsFor>

const createOrReactivate = async (
  call: Call,
  type: ResourceType,
  resource: NewResource,
  rows: Rows,
): Promise<StoredResource> => {
  const { directory, tenant, actor } = call
  const { limits, compatibility } = tenant.settings
  const wanted = { type, resource: { ...resource, limits }, rows, signal: call.signal() }
  try {
    return await createInTenant(directory, tenant.id, wanted, actor)
  } catch (error) {
    const isTaken = error instanceof ScimError && error.scimType === 'uniqueness'
    if (!isTaken || compatibility.postInactive === 'Conflict') throw error
    return reactivate(call, { type, resource }, rows, error)
  }
}
