/** Pages of resources by cursor: from a position, and to the next one. */

import type { ListPage, PageOf } from '#directory/list-resources.ts'
import { ScimError } from '#scim/errors.ts'
import type { StoredResource } from '#scim/resource.ts'
import { decodeCursor, encodeCursor } from '#server/cursor.ts'

/** The page of a list by id that begins after the cursor; throws 400 for a cursor of another question. */
export const pageAfter = (question: unknown, cursor: string | undefined, count: number): PageOf => {
  if (cursor === undefined) return { kind: 'after', count }
  const [id] = keysIn(question, cursor)
  return { kind: 'after', after: { id }, count }
}

/** The page as it is answered. */
export const answerOf = <Item>(
  question: unknown,
  { resources, next }: ListPage,
  view: (stored: StoredResource) => Item,
): { items: Item[]; next: string | null } => ({
  items: resources.map(view),
  next: next === undefined ? null : encodeCursor(question, [next.id]),
})

/** The keys in a cursor, all of them texts. */
export const keysIn = (question: unknown, cursor: string): readonly [string, ...string[]] => {
  const [first, ...others] = (decodeCursor(question, cursor) ?? []).filter((key) => key !== null)
  if (first === undefined)
    throw new ScimError(400, 'The cursor does not belong to this query; begin again without it.', {
      path: 'cursor',
    })
  return [first, ...others]
}
