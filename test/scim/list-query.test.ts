/** Queries of lists, by query string and by body, and the shape of the answer (RFC 7644 section 3.4.2, RFC 9865). */

import { describe, expect, test } from 'vitest'
import { pathOf } from '#scim/attribute-path.ts'
import { printFilter } from '#scim/filter/print.ts'
import {
  maxPageSize,
  parseListQuery,
  parseRootListQuery,
  renderListResponse,
  searchParameters,
} from '#scim/list-query.ts'
import type { ListQuery } from '#scim/list-query.ts'
import { parseData } from '#scim/project.ts'
import { groupType, resourceTypes, userType } from '#scim/resource-types.ts'
import { messageUrns } from '#scim/urns.ts'
import { refusal } from '#test/kit/refusal.ts'

const query = (text: string): ListQuery => parseListQuery(new URLSearchParams(text), userType)

describe('a page', () => {
  // RFC 7644 3.4.2.4: "A value less than 1 SHALL be interpreted as 1", "A negative value SHALL be interpreted as "0""
  test.for([
    ['', 1, 100],
    ['startIndex=0&count=10', 1, 10],
    ['startIndex=-5&count=-1', 1, 0],
    ['startIndex=7&count=0', 7, 0],
    ['count=999999', 1, maxPageSize],
    ['startindex=3&COUNT=4', 3, 4],
    ['startIndex=&count=', 1, 100],
    ['startIndex=99999999999999999999', Number.MAX_SAFE_INTEGER, 100],
    ['filter=title+pr&&unknown=1&', 1, 100],
  ] as const)('by index: %j starts at %d with %d', ([text, startIndex, count]) => {
    expect(query(text).page).toEqual({ kind: 'index', startIndex, count })
  })

  // RFC 9865 2: "The cursor value MUST be empty or omitted for the first request"
  test('by cursor starts with an empty one', () => {
    expect(query('cursor&count=10').page).toEqual({ kind: 'cursor', count: 10 })
    expect(query('cursor=abc&startIndex=5').page).toEqual({ kind: 'cursor', cursor: 'abc' })
  })

  test.for([
    ['count=ten', 'invalidValue'],
    ['count=1.5', 'invalidValue'],
    ['startIndex=1e3', 'invalidValue'],
    ['cursor=&count=ten', 'invalidCount'],
  ])('is refused for a number that is none: %s is %s', ([text, scimType]) => {
    expect(() => query(text!)).toThrow(refusal(400, scimType))
  })
})

describe('an order', () => {
  test.for([
    ['sortBy=userName', 'userName', false],
    ['sortBy=NAME.familyName&sortOrder=Descending', 'name.familyName', true],
    ['sortBy=emails', 'emails.value', false],
    ['sortBy=meta.lastModified&sortOrder=ascending', 'meta.lastModified', false],
  ] as const)('goes by any attribute with a value: %s', ([text, path, descending]) => {
    const { sortBy } = query(text)
    expect(sortBy && { path: pathOf(sortBy.reference), descending: sortBy.descending }).toEqual({
      path,
      descending,
    })
  })

  test.for([
    'sortBy=name',
    'sortBy=unknown',
    'sortBy=groups',
    'sortBy=password',
    'sortBy=schemas',
    'sortBy=userName&sortOrder=up',
  ])('is refused where there is none: %s', (text) => {
    expect(() => query(text)).toThrow(refusal(400, 'invalidValue'))
  })
})

test('an empty filter is refused, no filter is none', () => {
  expect(() => query('filter=')).toThrow(refusal(400, 'invalidFilter'))
  expect(query('sortBy=')).not.toHaveProperty('filter')
})

test('attributes and excludedAttributes in one query are refused', () => {
  expect(() => query('attributes=userName&excludedAttributes=name')).toThrow(refusal(400, 'invalidValue'))
})

// RFC 7644 3.4.3
describe('a SearchRequest', () => {
  test('asks the same as a query string', () => {
    const body = {
      schemas: [messageUrns.searchRequest],
      attributes: ['userName', 'name.givenName'],
      filter: 'title pr',
      SortBy: 'title',
      sortOrder: 'descending',
      startIndex: 2,
      count: '5',
      excludedAttributes: null,
    }
    expect(parseListQuery(searchParameters(body), userType)).toEqual(
      query(
        'attributes=userName,name.givenName&filter=title+pr&sortBy=title&sortOrder=descending&startIndex=2&count=5',
      ),
    )
  })

  test('that is no object, or has a value of another type, is refused', () => {
    expect(() => searchParameters([])).toThrow(refusal(400, 'invalidSyntax'))
    expect(() => searchParameters({ filter: { a: 1 } })).toThrow(refusal(400, 'invalidValue'))
    expect(() => searchParameters({ attributes: [1] })).toThrow(refusal(400, 'invalidValue'))
  })
})

test('a query over all types is read for each of them, and what one lacks has no value there', () => {
  const queries = parseRootListQuery(
    new URLSearchParams('filter=userName+eq+"a"&sortBy=userName&count=5'),
    resourceTypes,
  )
  const shown = queries.map(({ type, query }) => [
    type.name,
    query.filter && printFilter(query.filter),
    query.sortBy !== undefined,
  ])
  expect(shown).toEqual([
    [userType.name, 'userName eq "a"', true],
    [groupType.name, 'not (id pr)', false],
  ])
})

describe('a ListResponse', () => {
  // RFC 7644 3.4.2: "Resources" is left out only for no results; Okta reads it in any case.
  test('has its numbers and its list, even when it is empty', () => {
    expect(parseData(renderListResponse({ totalResults: 0, resources: [], startIndex: 1 }))).toEqual({
      schemas: [messageUrns.listResponse],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    })
  })

  test('by cursor has cursors in place of an index', () => {
    const resources = ['{"id":"1"}', '{"id":"2"}']
    expect(parseData(renderListResponse({ resources, nextCursor: 'n', previousCursor: 'p' }))).toEqual({
      schemas: [messageUrns.listResponse],
      nextCursor: 'n',
      previousCursor: 'p',
      itemsPerPage: 2,
      Resources: [{ id: '1' }, { id: '2' }],
    })
  })
})
