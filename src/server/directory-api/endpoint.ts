/** One question of the Directory API: its path, the schemas of its query and answer, and who answers it. */

import { z } from 'zod'

import type { Directory } from '#directory/database.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { ScimError } from '#scim/errors.ts'
import type { Cursors } from '#server/cursor.ts'
import type { Query } from '#server/query.ts'

/** Who asks; the token alone has named the tenant. */
export interface DirectoryCall {
  readonly directory: Directory
  readonly tenantId: TenantId
  readonly cursors: Cursors
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
}

export interface Endpoint {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly query: z.ZodObject
  readonly answer: z.ZodType
  /** Parses the query, throws 400 for a wrong one, and answers with JSON of the shape of `answer`. */
  ask(call: DirectoryCall, query: Query): Promise<unknown>
}

export interface EndpointFacts<Asked extends z.ZodObject, Answered extends z.ZodType> {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly query: Asked
  readonly answer: Answered
  readonly ask: (call: DirectoryCall, query: z.output<Asked>) => Promise<z.input<Answered>>
}

/** Ties the types of an endpoint together, then forgets them, so that endpoints fit into one list. */
export const endpoint = <Asked extends z.ZodObject, Answered extends z.ZodType>(
  facts: EndpointFacts<Asked, Answered>,
): Endpoint => ({
  ...facts,
  ask: async (call, query) => facts.ask(call, parseWith(facts.query, query)),
})

/** Every list takes these two and answers `{items, next}`. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('How many items a page has at most.'),
  cursor: z.string().max(2048).optional().describe('`next` of the page before; without it the first page.'),
}

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Cursor of the next page; null on the last one.'),
  })

/**
 * Names in any case. Unknown names are refused, not ignored: a misspelt filter would answer with everybody.
 */
const parseWith = <Asked extends z.ZodObject>(schema: Asked, query: Query): z.output<Asked> => {
  const names = new Map(Object.keys(schema.shape).map((name) => [name.toLowerCase(), name]))
  const given: Record<string, string> = {}
  for (const [name, value] of query) {
    const known = names.get(name)
    if (known === undefined)
      throw new ScimError(
        400,
        `There is no parameter ${name}; there are ${[...names.values()].join(', ')}.`,
        {
          path: name,
        },
      )
    given[known] = value
  }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = String(issue?.path[0] ?? '')
  throw new ScimError(400, `${path}: ${issue?.message ?? 'not valid'}.`, { path })
}
