/** A resource as JSON text in pieces, for one with more members than are held at once. */

import { isList } from './json.ts'
import { render, renderObject } from './project.ts'
import type { Projection } from './projection.ts'
import type { Member, StoredResource } from './resource.ts'
import type { ResourceType } from './schema.ts'

/** What `render` makes of a resource that has these members, except that they are its last attribute. */
export async function* renderPieces(
  stored: StoredResource,
  members: AsyncIterable<readonly Member[]>,
  { type, projection, baseURL }: { type: ResourceType; projection: Projection; baseURL: string },
): AsyncGenerator<string> {
  const { membershipAttribute = '' } = type
  yield render(stored, type, projection, baseURL).slice(0, -1)
  let isBegun = false
  for await (const batch of members) {
    const alone = { ...stored, json: '{}', members: batch }
    const shown = renderObject(alone, type, projection, baseURL)[membershipAttribute]
    // Nothing of a member is left if the client wants to see nothing that it has.
    if (!isList(shown)) continue
    yield `${isBegun ? ',' : `,${JSON.stringify(membershipAttribute)}:[`}${JSON.stringify(shown).slice(1, -1)}`
    isBegun = true
  }
  yield isBegun ? ']}' : '}'
}
