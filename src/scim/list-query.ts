/** What a list asks for, from a query string or the body of `.search` (RFC 7644 sections 3.4.2 and 3.4.3, RFC 9865). */

import { resolveAttribute } from './attribute-path.ts'
import { ScimError } from './errors.ts'
import type { ScimType } from './errors.ts'
import type { Filter } from './filter/ast.ts'
import { parseFilter, parseRootFilter } from './filter/parse.ts'
import { comparable, isFilterable } from './filter/target.ts'
import { isList, isObject } from './json.ts'
import type { Json } from './json.ts'
import { parseProjection } from './projection.ts'
import type { Projection } from './projection.ts'
import type { AttributeReference, ResourceType } from './schema.ts'

export const defaultPageSize = 100
export const maxPageSize = 1000

export interface ListQuery {
  readonly filter?: Filter
  readonly sortBy?: SortBy
  readonly page: Page
  readonly projection: Projection
}

/**
 * The order of a list: never by a complex attribute itself. A multi-valued one sorts by its primary value, else its
 * first; missing values come last when ascending and first when descending; ties go by id (S1).
 */
export interface SortBy {
  readonly reference: AttributeReference
  readonly descending: boolean
}

export type Page =
  /** `startIndex` from 1; a `count` of 0 asks for the total alone. */
  | { readonly kind: 'index'; readonly startIndex: number; readonly count: number }
  /** No `cursor` asks for the first page; no `count` for pages as large as those before. */
  | { readonly kind: 'cursor'; readonly cursor?: string; readonly count?: number }

/** Parameters of a request by lower-case name. */
export type ListParameters = ReadonlyMap<string, string>

/** The query of a list of one type. Throws a ScimError 400 that names the parameter; unknown parameters are ignored. */
export function parseListQuery(
  parameters: Iterable<readonly [string, string]>,
  type: ResourceType,
): ListQuery {
  return read(lowerCased(parameters), type, { isRoot: false })
}

/** The query of a list over several types, as it concerns each: an attribute that a type lacks has no value. */
export function parseRootListQuery(
  parameters: Iterable<readonly [string, string]>,
  types: readonly ResourceType[],
): readonly { readonly type: ResourceType; readonly query: ListQuery }[] {
  const known = lowerCased(parameters)
  return types.map((type) => ({ type, query: read(known, type, { isRoot: true }) }))
}

/** A SearchRequest body as the parameters of a query string. Throws invalidSyntax or invalidValue. */
export function searchParameters(body: unknown): readonly (readonly [string, string])[] {
  if (!isObject(body)) {
    throw new ScimError(400, 'The body is not a JSON object.', { scimType: 'invalidSyntax' })
  }
  return Object.entries(body).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (value === null || name.toLowerCase() === 'schemas') return []
    return [[name, parameterText(name, value)]]
  })
}

function parameterText(name: string, json: Json): string {
  if (typeof json === 'string') return json
  if (typeof json === 'number') return String(json)
  if (isList(json) && json.every((one) => typeof one === 'string')) return json.join(',')
  throw invalidParameter(name, 'has a value of the wrong type')
}

function lowerCased(parameters: Iterable<readonly [string, string]>): ListParameters {
  return new Map([...parameters].map(([name, value]) => [name.toLowerCase(), value]))
}

function read(
  parameters: ListParameters,
  type: ResourceType,
  options: { readonly isRoot: boolean },
): ListQuery {
  const filter = parameters.get('filter')
  const sortBy = sortOf(parameters, type, options.isRoot)
  return {
    ...(filter === undefined
      ? {}
      : { filter: options.isRoot ? parseRootFilter(filter, type) : parseFilter(filter, type) }),
    ...(sortBy === undefined ? {} : { sortBy }),
    page: pageOf(parameters),
    projection: parseProjection(parameters.get('attributes'), parameters.get('excludedattributes'), type),
  }
}

function pageOf(parameters: ListParameters): Page {
  const cursor = parameters.get('cursor')
  const scimType = cursor === undefined ? 'invalidValue' : 'invalidCount'
  const asked = integerOf(parameters, 'count', scimType)
  const count = asked === undefined ? undefined : Math.min(Math.max(asked, 0), maxPageSize)
  if (cursor !== undefined) {
    return {
      kind: 'cursor',
      ...(count === undefined ? {} : { count }),
      ...(cursor === '' ? {} : { cursor }),
    }
  }
  const startIndex = Math.max(integerOf(parameters, 'startindex', 'invalidValue') ?? 1, 1)
  return { kind: 'index', startIndex, count: count ?? defaultPageSize }
}

/** Whole numbers beyond what JavaScript counts exactly are cut to that. */
function integerOf(parameters: ListParameters, name: string, scimType: ScimType): number | undefined {
  const text = parameters.get(name)?.trim() ?? ''
  if (text === '') return undefined
  if (!/^[+-]?\d+$/u.test(text)) throw invalidParameter(name, 'is not a whole number', scimType)
  return Math.max(Math.min(Number(text), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER)
}

function sortOf(parameters: ListParameters, type: ResourceType, isRoot: boolean): SortBy | undefined {
  const descending = isDescending(parameters.get('sortorder') ?? '')
  const path = parameters.get('sortby')?.trim() ?? ''
  if (path === '') return undefined
  const found = resolveAttribute(path, type)
  if (found === undefined && isRoot) return undefined
  const reference = found && comparable(found)
  if (reference === undefined || !isSortable(reference, type)) {
    throw invalidParameter('sortBy', `names ${path}, by which nothing can be sorted`)
  }
  return { reference, descending }
}

/** Rows and computed lists have no order among resources. */
function isSortable(reference: AttributeReference, type: ResourceType): boolean {
  const lists = ['schemas', type.membershipAttribute, type.membershipsAttribute]
  return isFilterable(reference, type) && !lists.includes(reference.attribute.name)
}

function isDescending(order: string): boolean {
  const word = order.trim().toLowerCase()
  if (word !== '' && word !== 'ascending' && word !== 'descending') {
    throw invalidParameter('sortOrder', 'is ascending or descending')
  }
  return word === 'descending'
}

function invalidParameter(name: string, problem: string, scimType: ScimType = 'invalidValue'): ScimError {
  return new ScimError(400, `The parameter ${name} ${problem}.`, { scimType, path: name })
}

export { renderListResponse } from './list-response.ts'
export type { ListResponse } from './list-response.ts'
