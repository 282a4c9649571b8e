/** The body of a bulk request, operation by operation (RFC 7644 section 3.7). */

import { invalidValue } from '#scim/coerce.ts'
import { ScimError } from '#scim/errors.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json } from '#scim/json.ts'
import { resourceTypes } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { messageUrns } from '#scim/urns.ts'

export const maxBulkOperations = 1000

/** What an operation says of itself, understood or not: its result says it again. */
export interface Label {
  readonly method?: string
  readonly bulkId?: string
  readonly path?: string
}

export interface BulkOperation extends Label {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly type: ResourceType
  /** Of a resource, or a reference `bulkId:…` to one; absent where the path is that of a resource type. */
  readonly id?: string
  /** An entity tag, to be taken like If-Match. */
  readonly version?: string
  /** As the body of a single request; null for DELETE. */
  readonly data: Json
}

/** An operation that cannot even be tried. It is the result of that operation and stops no other. */
export interface RefusedOperation extends Label {
  readonly refusal: ScimError
}

export interface BulkRequest {
  readonly operations: readonly (BulkOperation | RefusedOperation)[]
  /** After this many errors no further operation is begun; absent: all are. */
  readonly failOnErrors?: number
}

/**
 * Reads a BulkRequest. What is wrong with one operation is told in that operation; what is wrong with the whole
 * throws: invalidSyntax, invalidValue, or 413 for too many operations.
 */
export function parseBulk(body: Json): BulkRequest {
  const parameters = propertiesOf(body, 'The body')
  requireBulkRequest(parameters.get('schemas'))
  const operations = parameters.get('operations')
  if (!isList(operations)) throw invalidSyntax('Operations is not a list')
  if (operations.length === 0) throw invalidValue('Operations', 'is empty')
  if (operations.length > maxBulkOperations) {
    throw new ScimError(
      413,
      `A bulk request has at most ${String(maxBulkOperations)} operations (maxOperations), not ${String(operations.length)}.`,
    )
  }
  const parsed = operations.map(operationOf)
  requireUnique(parsed)
  const failOnErrors = failOnErrorsOf(parameters.get('failonerrors'))
  return { operations: parsed, ...(failOnErrors === undefined ? {} : { failOnErrors }) }
}

function operationOf(json: Json): BulkOperation | RefusedOperation {
  let label: Label = {}
  try {
    const parameters = propertiesOf(json, 'An operation')
    label = labelOf(parameters)
    return readOperation(parameters, label)
  } catch (error) {
    if (error instanceof ScimError) return { ...label, refusal: error }
    throw error
  }
}

type Parameters = ReadonlyMap<string, Json>

function labelOf(parameters: Parameters): Label {
  const text = (name: string): string | undefined => {
    const value = parameters.get(name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [method, bulkId, path] = [text('method')?.toUpperCase(), text('bulkid'), text('path')]
  return {
    ...(method === undefined ? {} : { method }),
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(path === undefined ? {} : { path }),
  }
}

function readOperation(parameters: Parameters, label: Label): BulkOperation {
  const { path, bulkId } = label
  const method = methodOf(label.method)
  if (path === undefined) throw invalidValue('path', 'is required in each operation')
  // "REQUIRED when "method" is "POST"."
  if (method === 'POST' && bulkId === undefined)
    throw invalidValue('bulkId', 'is required where method is POST')
  const version = parameters.get('version') ?? undefined
  if (version !== undefined && typeof version !== 'string') throw invalidValue('version', 'is a text')
  const data = parameters.get('data') ?? null
  if (method !== 'DELETE' && data === null)
    throw invalidValue('data', `is required where method is ${method}`)
  return {
    ...label,
    method,
    path,
    ...placeOf(path),
    ...(version === undefined || method === 'POST' ? {} : { version }),
    // RFC 7644 3.7.3 shows the operations of a PATCH without the message around them.
    data: method === 'PATCH' && isList(data) ? { schemas: [messageUrns.patchOp], Operations: data } : data,
  }
}

function methodOf(method: string | undefined): BulkOperation['method'] {
  if (method === 'POST' || method === 'PUT' || method === 'PATCH' || method === 'DELETE') return method
  throw invalidValue('method', 'is one of POST, PUT, PATCH and DELETE')
}

/** The resource type, and the resource, that a path relative to the base URL names. */
function placeOf(path: string): Pick<BulkOperation, 'type' | 'id'> {
  const whole = path.startsWith('/') ? path : `/${path}`
  const type = resourceTypes.find(({ endpoint }) => whole === endpoint || whole.startsWith(`${endpoint}/`))
  if (type === undefined) {
    throw new ScimError(404, 'The path of an operation begins with the endpoint of a resource type.', {
      path,
    })
  }
  const id = whole.slice(type.endpoint.length + 1)
  return id === '' ? { type } : { type, id }
}

/** Two resources of one name could not be told apart by those that refer to it. */
function requireUnique(operations: readonly Label[]): void {
  const seen = new Set<string>()
  for (const { method, bulkId } of operations) {
    if (method !== 'POST' || bulkId === undefined) continue
    if (seen.has(bulkId)) throw invalidValue('bulkId', 'is unique within a bulk request; one is there twice')
    seen.add(bulkId)
  }
}

function failOnErrorsOf(json: Json | undefined): number | undefined {
  if (json === undefined || json === null) return undefined
  if (!Number.isSafeInteger(json) || Number(json) < 0) throw invalidValue('failOnErrors', 'is a whole number')
  // The RFC's own example stops at the first error with 1; 0 cannot stop earlier.
  return Math.max(Number(json), 1)
}

function requireBulkRequest(schemas: Json | undefined): void {
  if (schemas === undefined || schemas === null) return
  const wanted = messageUrns.bulkRequest.toLowerCase()
  const urns = isList(schemas) ? schemas : [schemas]
  if (!urns.some((urn) => typeof urn === 'string' && urn.toLowerCase() === wanted)) {
    throw invalidSyntax(`schemas does not name ${messageUrns.bulkRequest}`)
  }
}

/** Properties by lower-case name, as names of attributes have no case. */
function propertiesOf(json: Json, what: string): Parameters {
  if (!isObject(json)) throw invalidSyntax(`${what} is not a JSON object`)
  return new Map(Object.entries(json).map(([name, value]) => [name.toLowerCase(), value]))
}

function invalidSyntax(problem: string): ScimError {
  return new ScimError(400, `${problem}.`, { scimType: 'invalidSyntax' })
}
