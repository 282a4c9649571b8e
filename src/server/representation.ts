/** A stored resource as an answer: projected, with its entity tag and its location. */

import type { StoredResource } from '#scim/resource.ts'
import { needsMembers, needsMemberships, parseProjection, render } from '#scim/project.ts'
import type { Projection } from '#scim/project.ts'
import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { resourceHeaders } from './resource-headers.ts'
import { streamedResource } from './streamed.ts'

/** What the client wants to see (`attributes`, `excludedAttributes`), on every operation that returns a resource. */
export const projectionOf = (call: Call, type: ResourceType): Projection => {
  const attributes = call.query.get('attributes')
  const excluded = call.query.get('excludedattributes')
  if (attributes === undefined && excluded === undefined) return usualProjection(type)
  return parseProjection(attributes, excluded, type)
}

/** What nearly every answer shows, worked out once for each type. */
const usual = new Map<ResourceType, Projection>()

const usualProjection = (type: ResourceType): Projection => {
  const known = usual.get(type) ?? parseProjection(undefined, undefined, type)
  usual.set(type, known)
  return known
}

/** Which rows beside the document the projection shows; the others are not read. */
export const rowsFor = (
  projection: Projection,
  type: ResourceType,
): { members: boolean; groups: boolean } => ({
  members: needsMembers(projection, type),
  groups: needsMemberships(projection, type),
})

/** The resource as it was read; as a stream if it has many members. */
export const represent = (
  call: Call,
  stored: StoredResource,
  type: ResourceType,
  projection: Projection,
): Answer | Promise<Answer> =>
  stored.hasManyMembers === true
    ? streamedResource(call, { stored, type, projection })
    : {
        status: 200,
        body: render(stored, type, projection, call.baseURL),
        headers: resourceHeaders(call, stored, type),
      }
