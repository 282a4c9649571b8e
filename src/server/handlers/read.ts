/** GET of one resource: 200, or 304 if the client has this version (RFC 7644 sections 3.4.1 and 3.14). */

import { readResource } from '#directory/read-resource.ts'
import { etagOf } from '#scim/etag.ts'
import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { notFound } from '#server/not-found.ts'
import { projectionOf, represent, rowsFor } from '#server/representation.ts'

export const read = async (call: Call, type: ResourceType, id: string): Promise<Answer> => {
  const projection = projectionOf(call, type)
  const { members, groups } = rowsFor(projection, type)
  // Without the signal: a point read is over before a client that goes away could stop the waiting for it.
  const stored = await readResource(call.directory, call.tenant.id, { type, id, members, groups })
  if (stored === undefined) throw notFound(type, id)
  if (call.hasVersion(stored.version)) return { status: 304, headers: { etag: etagOf(stored.version) } }
  return represent(call, stored, type, projection)
}
