/** The statements of a list: one page of it, and how many resources it has. */

import { filterToSql, selectionOf } from './filter-to-sql.ts'
import type { Selection } from './filter-to-sql.ts'
import type { FilterContext } from './filter-operand.ts'
import type { ListRequest, ListTarget } from './list-resources.ts'
import { newParameters } from './parameters.ts'
import type { Parameters } from './parameters.ts'
import { setPlanningInOrder } from './plan-once.ts'
import { isSingle } from './point-filter.ts'
import { countOf } from './resource-count.ts'
import { includedColumns, resourceColumns } from './resource-row.ts'
import type { ResourceRow } from './resource-row.ts'
import { afterPosition, orderBy, sortKey } from './sort-to-sql.ts'
import type { SortKey } from './sort-to-sql.ts'
import type { Statement } from './statement.ts'
import type { TenantId } from './tenant-scope.ts'

export interface ListingSql {
  /** Up to one row more than the page holds, which tells that there is a next one. */
  readonly page: Statement
  /** Made only when it is asked for: most lists show their total themselves. */
  readonly count: () => Statement
  /** To be sent before the page, if it needs a plan of a certain kind. */
  readonly planning: readonly Statement[]
}

export interface ListedRow extends ResourceRow {
  /** The sort key as text, of a sorted list. */
  readonly key?: string | null
}

export function listingSql(tenantId: TenantId, request: ListRequest): ListingSql {
  return {
    page: isSingle(request) ? singleSql(tenantId, request) : pageSql(tenantId, request),
    count: () => countSql(tenantId, request),
    planning: isWalk(request) ? [setPlanningInOrder({})] : [],
  }
}

function countSql(tenantId: TenantId, { targets }: ListRequest): Statement {
  const parameters = newParameters(tenantId)
  if (isUnfiltered(targets)) {
    const types = parameters.bind(
      targets.map(({ type }) => type.name),
      'text[]',
    )
    return { text: `select ${countOf('$1', types)} as total`, values: parameters.values }
  }
  const { from, condition } = selection(targets, parameters)
  const text = `select count(*) as total from ${from} where resource.tenant_id = $1 and ${condition}`
  return { text, values: parameters.values }
}

/** Whether the list shows all there is of its types: then its total is known without counting. */
export function isUnfiltered(targets: readonly ListTarget[]): boolean {
  return targets.every(({ filter }) => filter === undefined)
}

/** A page of all there is of one type, by id. */
function isWalk({ targets }: ListRequest): boolean {
  const isSorted = targets.some(({ sortBy }) => sortBy !== undefined)
  return targets.length === 1 && isUnfiltered(targets) && !isSorted
}

/** A list of one resource at most: ordering and cutting it would cost a sixth more. */
function singleSql(tenantId: TenantId, request: ListRequest): Statement {
  const parameters = newParameters(tenantId)
  const { from, condition } = selection(request.targets, parameters)
  const text = `select ${resourceColumns('resource')}${includedColumns(request, 'resource')}
    from ${from} where resource.tenant_id = $1 and ${condition}`
  return { text, values: parameters.values }
}

/** The rows of the page first, and only for them what is behind them. */
function pageSql(tenantId: TenantId, request: ListRequest): Statement {
  const { targets, page, isDescending = false } = request
  const parameters = newParameters(tenantId)
  const { bind } = parameters
  const key = keyOf(targets, parameters)
  const after =
    page.kind === 'after' && page.after !== undefined
      ? `and ${afterPosition(key, page.after, isDescending, { resource: 'resource', bind })}`
      : ''
  const offset =
    page.kind === 'index' && page.startIndex > 1 ? `offset ${bind(page.startIndex - 1, 'bigint')}` : ''
  const { from, condition } = selection(targets, parameters)
  const sorted = key === undefined ? '' : `, ${key.sql} as key`
  const text = `select ${resourceColumns('page')}${includedColumns(request, 'page')}
      ${key === undefined ? '' : ', page.key::text as key'}
    from (
      select resource.* ${sorted} from ${from}
      where resource.tenant_id = $1 and ${condition} ${after}
      order by ${orderBy(key?.sql, 'resource.id', isDescending)}
      limit ${bind(page.count + 1, 'bigint')} ${offset}
    ) as page
    order by ${orderBy(key === undefined ? undefined : 'page.key', 'page.id', isDescending)}`
  return { text, values: parameters.values }
}

/** The resources that a list shows; each type by its own filter, in parentheses beside the tenant. */
function selection(targets: readonly ListTarget[], parameters: Parameters): Selection {
  const ofTypes = targets.map(({ type, filter }) => {
    const ofType = `resource.type = ${parameters.bind(type.name, 'text')}`
    if (filter === undefined) return { from: 'resource', condition: ofType }
    const context = contextFor(type, parameters)
    // Of several types none decides alone where the resources are read from.
    const { from, condition } =
      targets.length === 1
        ? selectionOf(filter, context)
        : { from: 'resource', condition: filterToSql(filter, context) }
    return { from, condition: `${ofType} and (${condition})` }
  })
  const [only, ...others] = ofTypes
  if (only !== undefined && others.length === 0) return only
  return { from: 'resource', condition: `((${ofTypes.map(({ condition }) => condition).join(') or (')}))` }
}

/** The sort key; over several types each has its own way to the same attribute. */
function keyOf(targets: readonly ListTarget[], parameters: Parameters): SortKey | undefined {
  const keys = targets.flatMap(({ type, sortBy }) =>
    sortBy === undefined ? [] : [{ type, key: sortKey(sortBy, contextFor(type, parameters)) }],
  )
  const [first] = keys
  if (first === undefined || targets.length === 1) return first?.key
  const cases = keys.map(({ type, key }) => `when ${parameters.bind(type.name, 'text')} then ${key.sql}`)
  return { sql: `(case resource.type ${cases.join(' ')} end)`, type: first.key.type }
}

function contextFor(type: FilterContext['type'], { bind }: Parameters): FilterContext {
  return { type, resource: 'resource', tenant: '$1', bind }
}
