/** What the server tells about itself: ServiceProviderConfig, Schemas and ResourceTypes (RFC 7644 section 4). */

import type { JsonObject } from './json.ts'
import { defaultPageSize, maxPageSize } from './list-query.ts'
import { resourceTypes } from './resource-types.ts'
import type { Attribute, Schema } from './schema.ts'
import { resourceTypeSchema, schemaSchema, serviceProviderConfigSchema } from './schemas/discovery.ts'
import { schemaUrns } from './urns.ts'

/** What a server may lack; everything else here is always supported. */
export interface Features {
  /** Absent: no bulk requests. Sizes in bytes. */
  readonly bulk?: { readonly maxOperations: number; readonly maxPayloadSize: number }
  /** Absent: paging by index only. Without a timeout, cursors do not expire. */
  readonly cursor?: { readonly timeoutSeconds?: number }
  readonly documentationUri?: string
}

/** The ServiceProviderConfig; `baseURL` without a slash at its end. */
export function serviceProviderConfig(baseURL: string, features: Features = {}): JsonObject {
  const { bulk, cursor, documentationUri } = features
  return {
    schemas: [schemaUrns.serviceProviderConfig],
    ...(documentationUri === undefined ? {} : { documentationUri }),
    patch: { supported: true },
    bulk: {
      supported: bulk !== undefined,
      maxOperations: bulk?.maxOperations ?? 0,
      maxPayloadSize: bulk?.maxPayloadSize ?? 0,
    },
    filter: { supported: true, maxResults: maxPageSize },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: cursor !== undefined,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize,
      maxPageSize,
      ...(cursor?.timeoutSeconds === undefined ? {} : { cursorTimeout: cursor.timeoutSeconds }),
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token in the Authorization header, as RFC 6750 says.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseURL}/ServiceProviderConfig` },
  }
}

/** All schemas, in the order of the resource types and then those of discovery itself. */
export function schemaDocuments(baseURL: string): readonly JsonObject[] {
  const own = resourceTypes.flatMap((type) => [type.schema, ...type.extensions.map((one) => one.schema)])
  const all = [...own, serviceProviderConfigSchema, resourceTypeSchema, schemaSchema]
  return all.map((schema) => schemaDocument(schema, baseURL))
}

/** All resource types. */
export function resourceTypeDocuments(baseURL: string): readonly JsonObject[] {
  return resourceTypes.map((type) => ({
    schemas: [schemaUrns.resourceType],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    description: type.description,
    schema: type.schema.id,
    schemaExtensions: type.extensions.map(({ schema, required }) => ({ schema: schema.id, required })),
    meta: { resourceType: 'ResourceType', location: `${baseURL}/ResourceTypes/${type.name}` },
  }))
}

function schemaDocument(schema: Schema, baseURL: string): JsonObject {
  return {
    schemas: [schemaUrns.schema],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(attributeDocument),
    meta: { resourceType: 'Schema', location: `${baseURL}/Schemas/${schema.id}` },
  }
}

/** Case and references are only told where they have a meaning (RFC 7643 section 8.7.1). */
function attributeDocument(attribute: Attribute): JsonObject {
  const { name, type, multiValued, description, required, mutability, returned, uniqueness } = attribute
  const { canonicalValues, referenceTypes, subAttributes, caseExact } = attribute
  return {
    name,
    type,
    multiValued,
    description,
    required,
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    ...(['complex', 'boolean', 'integer', 'decimal', 'dateTime'].includes(type) ? {} : { caseExact }),
    mutability,
    returned,
    uniqueness,
    ...(referenceTypes === undefined ? {} : { referenceTypes }),
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(attributeDocument) }),
  }
}
