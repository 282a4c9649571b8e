/** Pages by cursor: from a position, and to the next one. */

import type { ListPage, PageOf } from '#directory/list-resources.ts'
import { ScimError } from '#scim/errors.ts'
import type { StoredResource } from '#scim/resource.ts'
import type { CursorKeys } from '#server/cursor.ts'

import type { DirectoryCall } from './endpoint.ts'

/** What a list asks, beside the page; the tenant is added here. */
type Question = readonly unknown[]

/** The page of a list by id that begins after the cursor; throws 400 for a cursor of another question. */
export const pageAfter = (
  call: DirectoryCall,
  question: Question,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): PageOf => {
  const [id] = cursor === undefined ? [] : keysIn(call, question, cursor)
  return { kind: 'after', count: limit, ...(id === undefined ? {} : { after: { id } }) }
}

/** The page as it is answered. */
export const answerOf = <Item>(
  call: DirectoryCall,
  question: Question,
  { page, view }: { readonly page: ListPage; readonly view: (stored: StoredResource) => Item },
): { items: Item[]; next: string | null } => ({
  items: page.resources.map(view),
  next: page.next === undefined ? null : cursorAt(call, question, [page.next.id]),
})

export const cursorAt = (call: DirectoryCall, question: Question, keys: CursorKeys): string =>
  call.cursors.encode([call.tenantId, ...question], keys)

/** The keys in a cursor; throws 400 for a cursor of another question. */
export const keysIn = (call: DirectoryCall, question: Question, cursor: string): readonly string[] => {
  const keys = call.cursors.decode([call.tenantId, ...question], cursor)
  if (keys === undefined)
    throw new ScimError(400, 'The cursor does not belong to this query; begin again without it.', {
      path: 'cursor',
    })
  return keys.filter((key) => key !== null)
}
