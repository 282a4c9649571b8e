/** The answer to a list (RFC 7644 section 3.4.2, RFC 9865 section 2). */

import { messageUrns } from './urns.ts'

export interface ListResponse {
  /** RFC 9865 lets pages after the first leave it out; index paging always has it. */
  readonly totalResults?: number
  /** JSON texts, as `render` makes them. */
  readonly resources: readonly string[]
  /** Index paging only. */
  readonly startIndex?: number
  /** Cursor paging only; absent on the last page. */
  readonly nextCursor?: string
  readonly previousCursor?: string
}

/** The ListResponse as JSON text; `itemsPerPage` is what this page holds. */
export function renderListResponse(response: ListResponse): string {
  const { resources, ...paging } = response
  return `${listResponseHead(paging, resources.length)}${resources.join(',')}${listResponseEnd}`
}

/** What is in front of the resources, for a list that is not held as one text. */
export function listResponseHead(paging: Omit<ListResponse, 'resources'>, itemsPerPage: number): string {
  const head = { schemas: [messageUrns.listResponse], ...paging, itemsPerPage }
  return `${JSON.stringify(head).slice(0, -1)},"Resources":[`
}

export const listResponseEnd = ']}'
