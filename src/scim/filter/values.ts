/** Which scalar values a reference reaches in a resource: what comparisons and sort keys look at. */

import { etagOf } from '#scim/etag.ts'
import { isList, isScalar, propertyOf } from '#scim/json.ts'
import type { Json, JsonObject, Scalar } from '#scim/json.ts'
import type { Member, ResourceData } from '#scim/resource.ts'
import { resourceTypeNamed } from '#scim/resource-types.ts'
import type { AttributeReference } from '#scim/schema.ts'
import { presentSchemas } from '#scim/schemas-of.ts'

/** A resource as a filter sees it; a StoredResource with its document parsed fits. */
export interface FilterSubject {
  readonly id: string
  readonly type: string
  readonly data: ResourceData
  readonly created: Date
  readonly lastModified: Date
  readonly version: number
  readonly members?: readonly Member[]
  readonly groups?: readonly Member[]
}

/** The elements of an attribute: each value of a multi-valued one, the value of a single one, or none. */
export function elementsOf(reference: AttributeReference, subject: FilterSubject): readonly Json[] {
  const { attribute, extension } = reference
  if (extension !== undefined) return listed(propertyOf(subject.data[extension], attribute.name))
  const type = resourceTypeNamed(subject.type)
  switch (attribute.name) {
    case 'id':
      return [subject.id]
    case 'schemas':
      return type === undefined ? [] : presentSchemas(type, (urn) => Object.hasOwn(subject.data, urn))
    case 'meta':
      return [metaOf(subject)]
    case type?.membershipAttribute:
      return rowsOf(subject.members)
    case type?.membershipsAttribute:
      return rowsOf(subject.groups)
    default:
      return listed(subject.data[attribute.name])
  }
}

/** All scalars that a reference reaches, in list order. Elements without the sub-attribute contribute none. */
export function valuesOf(reference: AttributeReference, subject: FilterSubject): readonly Scalar[] {
  return scalarsIn(elementsOf(reference, subject), reference.subAttribute?.name)
}

export function scalarsIn(elements: readonly Json[], subName: string | undefined): readonly Scalar[] {
  const found = subName === undefined ? elements : elements.map((one) => propertyOf(one, subName))
  return found.filter(isScalar)
}

function listed(json: Json | undefined): readonly Json[] {
  if (json === undefined) return []
  return isList(json) ? json : [json]
}

function rowsOf(members: readonly Member[] | undefined): readonly JsonObject[] {
  return (members ?? []).map(({ value, type, display }) =>
    display === undefined ? { value, type } : { value, type, display },
  )
}

function metaOf(subject: FilterSubject): JsonObject {
  return {
    resourceType: subject.type,
    created: subject.created.toISOString(),
    lastModified: subject.lastModified.toISOString(),
    version: etagOf(subject.version),
  }
}
