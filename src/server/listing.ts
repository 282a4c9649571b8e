/** A list of resources, however it was asked for: of one type or of all, by index or by cursor. */

import { listResources } from '#directory/list-resources.ts'
import type { PageOf } from '#directory/list-resources.ts'
import { isPointRead } from '#directory/point-filter.ts'
import { defaultPageSize, parseListQuery, parseRootListQuery, renderListResponse } from '#scim/list-query.ts'
import type { ListQuery } from '#scim/list-query.ts'
import { needsMembers, needsMemberships, render } from '#scim/project.ts'
import { resourceTypes } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'

import { jsonAnswer } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { cursorTo, placeAt } from './list-cursor.ts'
import { streamedList } from './streamed.ts'
import type { Shown } from './streamed.ts'

/** Parameters as a query string or a `.search` body gives them. */
export type Parameters = Iterable<readonly [string, string]>

interface Asked {
  readonly type: ResourceType
  readonly query: ListQuery
}

/** Answers a ListResponse; without a type it spans all (RFC 7644 section 3.4.2.1). */
export const listing = async (call: Call, parameters: Parameters, type?: ResourceType): Promise<Answer> => {
  const asked: readonly Asked[] =
    type === undefined
      ? parseRootListQuery(parameters, resourceTypes)
      : [{ type, query: parseListQuery(parameters, type) }]
  const [first] = asked
  if (first === undefined) throw new Error('there is no resource type')
  const { page: wanted, sortBy } = first.query
  const question = wanted.kind === 'cursor' ? questionOf(call, parameters, type) : undefined
  const cut = pageOf(call, wanted, question)
  const request = {
    targets: asked.map(targetOf),
    isDescending: sortBy?.descending ?? asked.some(({ query }) => query.sortBy?.descending === true),
    page: cut,
    // RFC 9865 section 2: pages after the first may leave the total out, and counting is the expensive part.
    isCounted: wanted.kind === 'index' || wanted.cursor === undefined,
    members: asked.some(({ type, query }) => needsMembers(query.projection, type)),
    groups: asked.some(({ type, query }) => needsMemberships(query.projection, type)),
  }
  // A point read is over before a client that goes away could stop the waiting for it.
  const options = isPointRead(request) ? request : { ...request, signal: call.signal() }
  const page = await listResources(call.directory, call.tenant.id, options)
  const queries = new Map(asked.map(({ type, query }) => [type.name, { type, query }]))
  const list = page.resources.map((stored): Shown => {
    const { type, query } = queries.get(stored.type) ?? first
    return { stored, type, projection: query.projection }
  })
  const paging = {
    ...(page.total === undefined ? {} : { totalResults: page.total }),
    ...(wanted.kind === 'index' ? { startIndex: wanted.startIndex } : {}),
    ...(wanted.kind === 'cursor' && page.next !== undefined
      ? { nextCursor: cursorTo(call, question, { position: page.next, count: cut.count }) }
      : {}),
  }
  if (list.some(({ stored }) => stored.hasManyMembers)) return streamedList(call, list, paging)
  const resources = list.map(({ stored, type, projection }) => render(stored, type, projection, call.baseURL))
  return jsonAnswer(renderListResponse({ ...paging, resources }))
}

const targetOf = ({ type, query: { filter, sortBy } }: Asked) => ({
  type,
  ...(filter === undefined ? {} : { filter }),
  ...(sortBy === undefined ? {} : { sortBy: sortBy.reference }),
})

/** What selects and orders the list. The projection may change between two pages. */
const questionOf = (call: Call, parameters: Parameters, type: ResourceType | undefined): unknown => {
  const given = new Map([...parameters].map(([name, value]) => [name.toLowerCase(), value]))
  return [call.tenant.id, type?.name, given.get('filter'), given.get('sortby'), given.get('sortorder')]
}

/** The page after a cursor has the size of those before, unless it says otherwise, which is refused. */
const pageOf = (call: Call, page: ListQuery['page'], question: unknown): PageOf => {
  if (page.kind === 'index') return page
  if (page.cursor === undefined) return { kind: 'after', count: page.count ?? defaultPageSize }
  const { position, count } = placeAt(call, question, { ...page, cursor: page.cursor })
  return { kind: 'after', after: position, count }
}
