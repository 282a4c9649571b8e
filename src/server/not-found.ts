/** The 404 of an id, the same for one that never was, one that is gone, and one of another tenant. */

import { ScimError } from '#scim/errors.ts'
import type { ResourceType } from '#scim/schema.ts'

export const notFound = (type: ResourceType, id: string): ScimError =>
  new ScimError(404, `${type.name} ${id.slice(0, 64)} was not found.`)
