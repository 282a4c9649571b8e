/** A stored resource as the wire shows it (RFC 7643 section 3, RFC 7644 section 3.9). */

import { etagOf } from './etag.ts'
import { isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { projected, shows } from './projection.ts'
import type { Projection } from './projection.ts'
import type { Member, ResourceData, StoredResource } from './resource.ts'
import { resourceTypeNamed } from './resource-types.ts'
import type { ResourceType } from './schema.ts'
import { presentSchemas } from './schemas-of.ts'

export { needsMembers, needsMemberships, parseProjection } from './projection.ts'
export type { Projection } from './projection.ts'

/**
 * The resource as JSON text. `baseURL` is that of the request, without a slash at its end. When all of the document
 * is shown, its text is passed through without being parsed.
 */
export function render(
  stored: StoredResource,
  type: ResourceType,
  projection: Projection,
  baseURL: string,
): string {
  if (!showsWholeDocument(projection, type)) {
    return JSON.stringify(renderObject(stored, type, projection, baseURL))
  }
  const schemas = presentSchemas(type, (urn) => hasExtension(stored.json, urn))
  const before = `{"schemas":${JSON.stringify(schemas)},"id":${JSON.stringify(stored.id)}`
  const document = stored.json.trim().slice(1, -1).trim()
  const rows = Object.entries(rowsOf(stored, type, projection, baseURL))
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('')
  const meta = JSON.stringify(metaOf(stored, type, baseURL))
  return `${before}${document === '' ? '' : ','}${document}${rows},"meta":${meta}}`
}

/** The same as an object: what `render` prints, for callers that go on working with it. */
export function renderObject(
  stored: StoredResource,
  type: ResourceType,
  projection: Projection,
  baseURL: string,
): JsonObject {
  const data = parseData(stored.json)
  const whole = {
    schemas: presentSchemas(type, (urn) => Object.hasOwn(data, urn)),
    id: stored.id,
    ...data,
    ...rowsOf(stored, type, projection, baseURL),
    meta: metaOf(stored, type, baseURL),
  }
  return projected(whole, projection)
}

/** The document of a stored resource. */
export function parseData(json: string): ResourceData {
  const data: unknown = JSON.parse(json)
  return isObject(data) ? data : {}
}

/** URI of a resource: `meta.location` and the Location header. */
export function locationOf(type: ResourceType, id: string, baseURL: string): string {
  return `${baseURL}${type.endpoint}/${id}`
}

/** Whether a projection takes at most rows away, which are no part of the document. */
function showsWholeDocument(projection: Projection, type: ResourceType): boolean {
  if (projection.kind === 'only') return false
  for (const [name, below] of projection.selection) {
    const isRows = name === type.membershipAttribute || name === type.membershipsAttribute
    if (below !== 'whole' || !isRows) return false
  }
  return true
}

/**
 * Whether the text of a document has a key, without parsing it. Quotes inside a JSON string are escaped, so the URN
 * between bare quotes and followed by a colon is a key; only the document itself has keys that are URNs; and an
 * extension without data is never stored.
 */
function hasExtension(json: string, urn: string): boolean {
  return json.includes(`"${urn}":`)
}

/** Members and groups that were read and are shown; none of them is the same as no attribute. */
function rowsOf(
  stored: StoredResource,
  type: ResourceType,
  projection: Projection,
  baseURL: string,
): JsonObject {
  const { membershipAttribute, membershipsAttribute } = type
  const shown = (name: string | undefined, rows: readonly Member[] | undefined): JsonObject =>
    name === undefined || rows === undefined || rows.length === 0 || !shows(projection, name)
      ? {}
      : { [name]: rows.map(rowsAs(name, type, baseURL)) }
  return { ...shown(membershipAttribute, stored.members), ...shown(membershipsAttribute, stored.groups) }
}

/** How a row is shown; what is the same for all rows is found once, since there may be 100,000. */
function rowsAs(name: string, type: ResourceType, baseURL: string): (row: Member) => JsonObject {
  const attribute = type.schema.attributes.find((one) => one.name === name)
  const [referred = ''] = attribute?.subAttributes?.find((one) => one.name === '$ref')?.referenceTypes ?? []
  const usual = resourceTypeNamed(referred)
  return ({ value, type: label, display }) => {
    // The type of a member names its resource type; that of a group says how one is a member.
    const target = resourceTypeNamed(label) ?? usual
    return {
      value,
      ...(target !== undefined && { $ref: locationOf(target, value, baseURL) }),
      ...(display !== undefined && { display }),
      type: label,
    }
  }
}

function metaOf(stored: StoredResource, type: ResourceType, baseURL: string): JsonObject {
  return {
    resourceType: type.name,
    created: stored.created.toISOString(),
    lastModified: stored.lastModified.toISOString(),
    location: locationOf(type, stored.id, baseURL),
    version: etagOf(stored.version),
  }
}
