/** Which schemas a resource shows: its own, and each extension of which it holds data (RFC 7643 section 3). */

import type { ResourceType } from './schema.ts'

/** The URNs in order; `isPresent` tells whether the document has the key of an extension. */
export function presentSchemas(type: ResourceType, isPresent: (urn: string) => boolean): readonly string[] {
  const extensions = type.extensions.map((extension) => extension.schema.id)
  return [type.schema.id, ...extensions.filter((urn) => isPresent(urn))]
}
