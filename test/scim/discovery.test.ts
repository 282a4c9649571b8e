/** What the server tells about itself (RFC 7644 section 4), and that it is true of what it accepts. */

import { describe, expect, test } from 'vitest'
import { serviceProviderConfig, resourceTypeDocuments, schemaDocuments } from '#scim/discovery.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import { resourceTypes } from '#scim/resource-types.ts'
import { resourceTypeSchema, schemaSchema, serviceProviderConfigSchema } from '#scim/schemas/discovery.ts'
import type { Attribute } from '#scim/schema.ts'

const baseURL = 'https://acme.example.com/scim/v2'

/** Paths of a document that its schema does not describe. */
function undescribed(json: Json, attributes: readonly Attribute[], path = ''): readonly string[] {
  if (isList(json)) return json.flatMap((one) => undescribed(one, attributes, path))
  if (!isObject(json)) return []
  return Object.entries(json).flatMap(([name, value]) => {
    const attribute = attributes.find((one) => one.name === name)
    if (attribute === undefined) return [`${path}${name}`]
    const isRecursive = path !== '' && name === 'subAttributes'
    return isRecursive ? [] : undescribed(value, attribute.subAttributes ?? [], `${path}${name}.`)
  })
}

const content = (document: JsonObject): JsonObject => {
  const { schemas: _schemas, meta: _meta, ...rest } = document
  return rest
}

describe('discovery', () => {
  test('describes its own documents', () => {
    const bulk = { maxOperations: 1000, maxPayloadSize: 10_485_760 }
    const full = serviceProviderConfig(baseURL, {
      bulk,
      cursor: { timeoutSeconds: 60 },
      documentationUri: 'https://x',
    })
    expect(undescribed(content(full), serviceProviderConfigSchema.attributes)).toEqual([])
    for (const document of resourceTypeDocuments(baseURL)) {
      expect(undescribed(content(document), resourceTypeSchema.attributes)).toEqual([])
    }
    for (const document of schemaDocuments(baseURL)) {
      expect(undescribed(content(document), schemaSchema.attributes)).toEqual([])
    }
  })

  // RFC 7644 3.1: message schemas "SHALL NOT be discoverable using the "/Schemas" endpoint"
  test('lists the schemas of resources and of discovery, and no messages', () => {
    const ids = schemaDocuments(baseURL).map((document) => document['id'])
    expect(ids).toEqual([
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
      'urn:ietf:params:scim:schemas:core:2.0:Group',
      'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
      'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
      'urn:ietf:params:scim:schemas:core:2.0:Schema',
    ])
  })

  test('places every document under the base of the request', () => {
    const documents = [
      serviceProviderConfig(baseURL),
      ...schemaDocuments(baseURL),
      ...resourceTypeDocuments(baseURL),
    ]
    const locations = documents.map(({ meta }) => JSON.stringify(isObject(meta) && meta['location']))
    expect(locations).toHaveLength(new Set(locations).size)
    expect(locations.filter((location) => !location.startsWith(`"${baseURL}/`))).toEqual([])
    expect(locations).toContain(`"${baseURL}/ResourceTypes/User"`)
  })

  test('tells of bulk and cursors only when the server has them', () => {
    expect(serviceProviderConfig(baseURL)).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
      pagination: { cursor: false, index: true },
    })
    expect(
      serviceProviderConfig(baseURL, { cursor: {}, bulk: { maxOperations: 5, maxPayloadSize: 6 } }),
    ).toMatchObject({
      bulk: { supported: true, maxOperations: 5, maxPayloadSize: 6 },
      pagination: { cursor: true },
    })
  })

  test('does not tell of older names of a schema', () => {
    expect(JSON.stringify([schemaDocuments(baseURL), resourceTypeDocuments(baseURL)])).not.toContain(
      'urn:scim:',
    )
  })
})

describe.each(resourceTypes)('the schema of $name', (type) => {
  const all = [type.schema, ...type.extensions.map((one) => one.schema)].flatMap(
    (schema) => schema.attributes,
  )

  test('gives sub-attributes to complex attributes and to no others', () => {
    const odd = all.filter((one) => (one.type === 'complex') !== (one.subAttributes ?? []).length > 0)
    expect(odd).toEqual([])
  })

  test('gives every reference its types', () => {
    const references = all
      .flatMap((one) => [one].concat(one.subAttributes ?? []))
      .filter((one) => one.type === 'reference')
    expect(references.filter((one) => (one.referenceTypes ?? []).length === 0)).toEqual([])
  })

  test('has the attributes that its type names', () => {
    const names = [type.uniqueAttribute, type.membershipAttribute, type.membershipsAttribute]
    const missing = names.filter(
      (name) => name !== undefined && !type.schema.attributes.some((one) => one.name === name),
    )
    expect(missing).toEqual([])
  })
})
