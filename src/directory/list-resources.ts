/** Lists of resources: filtered, ordered and cut into pages by Postgres. */

import type { Filter } from '#scim/filter/ast.ts'
import type { StoredResource } from '#scim/resource.ts'
import type { AttributeReference, ResourceType } from '#scim/schema.ts'
import type { Directory } from './database.ts'
import { isUnfiltered, listingSql } from './listing-sql.ts'
import type { ListedRow, ListingSql } from './listing-sql.ts'
import { isPointRead } from './point-filter.ts'
import { storedFrom } from './resource-row.ts'
import type { Included } from './resource-row.ts'
import type { ListPosition } from './sort-to-sql.ts'
import { inTenant, readInTenant } from './tenant-scope.ts'
import type { TenantId } from './tenant-scope.ts'

export type { ListPosition } from './sort-to-sql.ts'

/** What of one resource type a list shows; a query over all types has one for each, since paths differ. */
export interface ListTarget {
  readonly type: ResourceType
  readonly filter?: Filter
  readonly sortBy?: AttributeReference
}

export type PageOf =
  /** `startIndex` counts from 1; a `count` of 0 gives the total alone. */
  | { readonly kind: 'index'; readonly startIndex: number; readonly count: number }
  /** What follows a position, or the first page. */
  | { readonly kind: 'after'; readonly after?: ListPosition; readonly count: number }

export interface ListRequest extends Included {
  /** At least one; all of them have a sortBy or none has. */
  readonly targets: readonly ListTarget[]
  readonly isDescending?: boolean
  readonly page: PageOf
  /** False: the total is not wanted, and not counted unless it is known anyway. */
  readonly isCounted?: boolean
  readonly signal?: AbortSignal
}

export interface ListPage {
  /** Resources in all pages; undefined only when it was not wanted. */
  readonly total: number | undefined
  readonly resources: readonly StoredResource[]
  /** Where the next page begins; absent when there is none. */
  readonly next?: ListPosition
}

/**
 * A page of a list. Order: by the sort key, ties and everything else by id. A filter that finds few by an index is a
 * point read on a shared connection; everything else runs on the pool and is cancelled with its signal.
 */
export async function listResources(
  directory: Directory,
  tenantId: TenantId,
  request: ListRequest,
): Promise<ListPage> {
  const sql = listingSql(tenantId, request)
  const rows = await pageRows(directory, tenantId, request, sql)
  const total = knownTotal(request, rows) ?? (await count(directory, tenantId, request, sql))
  const resources = rows.slice(0, request.page.count)
  const last = rows.length > resources.length ? resources.at(-1) : undefined
  return {
    total,
    resources: resources.map((row) => storedFrom(row, request)),
    ...(last !== undefined && { next: positionOf(last, request) }),
  }
}

async function pageRows(
  directory: Directory,
  tenantId: TenantId,
  request: ListRequest,
  sql: ListingSql,
): Promise<readonly ListedRow[]> {
  if (request.page.count <= 0) return []
  if (isPointRead(request)) return readInTenant<ListedRow>(directory, tenantId, sql.page)
  const options = { ...request, isOneStatement: true }
  return inTenant(directory, tenantId, options, async (scope) => {
    // Sent in one turn.
    const [, rows] = await Promise.all([scope.batch(sql.planning), scope.query<ListedRow>(sql.page)])
    return rows
  })
}

/** The total, if the page itself shows it: its beginning is the list's, and its end too. */
function knownTotal({ page }: ListRequest, rows: readonly ListedRow[]): number | undefined {
  const isFirst = page.kind === 'index' ? page.startIndex <= 1 : page.after === undefined
  const isLast = rows.length <= page.count && page.count > 0
  if (isFirst) return isLast ? rows.length : undefined
  if (page.kind === 'index' && isLast && rows.length > 0) return page.startIndex - 1 + rows.length
  return undefined
}

async function count(
  directory: Directory,
  tenantId: TenantId,
  request: ListRequest,
  sql: ListingSql,
): Promise<number | undefined> {
  if (request.isCounted === false) return undefined
  if (isUnfiltered(request.targets)) {
    const [known] = await readInTenant<{ readonly total: number }>(directory, tenantId, sql.count(), request)
    return known?.total ?? 0
  }
  const options = { ...request, isOneStatement: true }
  const [row] = await inTenant(directory, tenantId, options, (scope) =>
    scope.query<{ readonly total: number }>(sql.count()),
  )
  return row?.total ?? 0
}

function positionOf(row: ListedRow, { targets }: ListRequest): ListPosition {
  const isSorted = targets.some(({ sortBy }) => sortBy !== undefined)
  return isSorted ? { key: row.key ?? null, id: row.id } : { id: row.id }
}
