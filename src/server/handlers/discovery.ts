/** What this server is and has: GET of configuration, resource types and schemas (RFC 7644 section 4). */

import { resourceTypeDocuments, schemaDocuments, serviceProviderConfig } from '#scim/discovery.ts'
import { ScimError } from '#scim/errors.ts'
import type { JsonObject } from '#scim/json.ts'
import { renderListResponse } from '#scim/list-query.ts'

import { jsonAnswer } from '#server/answer.ts'
import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { featuresFor } from '#server/features.ts'

/** Paging, sorting and projection are ignored here, and so is a filter (RFC 7644 section 4). */
export const serviceProvider = (call: Call): Answer =>
  jsonAnswer(JSON.stringify(serviceProviderConfig(call.baseURL, featuresFor(call.tenant))))

export const resourceTypeList = (call: Call): Answer => listOf(call, resourceTypeDocuments(call.baseURL))
export const resourceTypeNamed = (call: Call, name: string): Answer =>
  oneOf(resourceTypeDocuments(call.baseURL), name)

export const schemaList = (call: Call): Answer => listOf(call, schemaDocuments(call.baseURL))
export const schemaNamed = (call: Call, urn: string): Answer => oneOf(schemaDocuments(call.baseURL), urn)

const listOf = (call: Call, documents: readonly JsonObject[]): Answer => {
  // "If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403 (Forbidden)".
  if (call.query.has('filter')) throw new ScimError(403, 'This list cannot be filtered.')
  return jsonAnswer(
    renderListResponse({
      totalResults: documents.length,
      startIndex: 1,
      resources: documents.map((document) => JSON.stringify(document)),
    }),
  )
}

const oneOf = (documents: readonly JsonObject[], id: string): Answer => {
  const found = documents.find((document) => document['id'] === id)
  if (found === undefined) throw new ScimError(404, `${id.slice(0, 128)} was not found.`)
  return jsonAnswer(JSON.stringify(found))
}
