import { describe, expect, test } from 'vitest'

import { maxBulkOperations, parseBulk } from '#scim/bulk/parse.ts'
import type { Json } from '#scim/json.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { messageUrns } from '#scim/urns.ts'
import { refusal } from '#test/kit/refusal.ts'

const schemas = [messageUrns.bulkRequest]
const post = { method: 'POST', path: '/Users', bulkId: 'a', data: { userName: 'ada' } }
const parse = (...Operations: Json[]) => parseBulk({ schemas, Operations }).operations

describe('a bulk request', () => {
  test('is read with the resource type and the resource of each path', () => {
    const operations = parse(post, { method: 'delete', path: 'Groups/g-1', version: 'W/"3"' })
    expect(operations).toEqual([
      { ...post, type: userType },
      {
        method: 'DELETE',
        path: 'Groups/g-1',
        version: 'W/"3"',
        type: groupType,
        id: 'g-1',
        data: null,
      },
    ])
  })

  test('has names in any case, and needs no schemas as long as it names no others', () => {
    const { operations, failOnErrors } = parseBulk({
      OPERATIONS: [{ Method: 'post', PATH: '/Users' }],
      failonerrors: 2,
    })
    expect(operations).toMatchObject([{ method: 'POST', path: '/Users' }])
    expect(failOnErrors).toBe(2)
  })

  // The RFC's example in 3.7.3 has the operations of a PATCH without the message around them.
  test('may give the operations of a PATCH as a bare list', () => {
    const data = [{ op: 'remove', path: 'nickName' }]
    expect(parse({ method: 'PATCH', path: '/Users/u', data })).toMatchObject([
      { data: { schemas: [messageUrns.patchOp], Operations: data } },
    ])
  })

  test.for<[string, Json, number, string | undefined]>([
    ['that is no object', [], 400, 'invalidSyntax'],
    ['of another schema', { schemas: [messageUrns.patchOp], Operations: [post] }, 400, 'invalidSyntax'],
    ['without a list of operations', { schemas, Operations: post }, 400, 'invalidSyntax'],
    ['without operations', { schemas, Operations: [] }, 400, 'invalidValue'],
    ['with one bulkId for two resources', { schemas, Operations: [post, post] }, 400, 'invalidValue'],
    ['that accepts half an error', { schemas, Operations: [post], failOnErrors: 0.5 }, 400, 'invalidValue'],
    [
      'with too many operations',
      { schemas, Operations: Array.from({ length: maxBulkOperations + 1 }, () => post) },
      413,
      undefined,
    ],
  ])('%s is refused as a whole', ([, body, status, scimType]) => {
    expect(() => parseBulk(body)).toThrow(refusal(status, scimType))
  })

  test.for<[string, Json, number]>([
    ['no object', 'POST /Users', 400],
    ['no method', { ...post, method: null }, 400],
    ['the method GET', { ...post, method: 'GET' }, 400],
    ['no path', { ...post, path: '' }, 400],
    ['a path to no resource', { ...post, path: '/Schemas' }, 404],
    ['a path that only begins like one', { ...post, path: '/Usersx' }, 404],
    ['a POST without bulkId', { ...post, bulkId: '' }, 400],
    ['a POST without data', { ...post, data: null }, 400],
    ['a version that is no text', { method: 'PUT', path: '/Users/u', version: 1, data: {} }, 400],
  ])('keeps the refusal of an operation with %s to that operation', ([, operation, status]) => {
    const [refused, kept] = parse(operation, { ...post, bulkId: 'b' })
    expect(refused).toMatchObject({ refusal: { status } })
    expect(kept).toMatchObject({ method: 'POST', bulkId: 'b' })
  })
})
