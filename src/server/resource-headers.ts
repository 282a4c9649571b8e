/** The headers that name a resource and its version. */

import { etagOf } from '#scim/etag.ts'
import { locationOf } from '#scim/project.ts'
import type { StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'

import type { Call } from './call.ts'

export const resourceHeaders = (
  { baseURL }: Call,
  { id, version }: StoredResource,
  type: ResourceType,
): Readonly<Record<string, string>> => ({ etag: etagOf(version), location: locationOf(type, id, baseURL) })
