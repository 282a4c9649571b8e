/**
 * The document as filters compare it: the column `resource.folded`.
 *
 * SQL cannot fold as scim/fold.ts does, since its own lower() goes by locale and by the Unicode version of the
 * server. So text that is compared without regard to case is folded once, when it is written, and dateTimes become
 * the milliseconds of their instant. Everything else stands as it is. Only filters and sorting read it.
 */

import { attributeNamed, containerOf } from '#scim/attribute-path.ts'
import { parseDateTime } from '#scim/date-time.ts'
import { fold } from '#scim/fold.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import type { ResourceData } from '#scim/resource.ts'
import { commonAttributes } from '#scim/schemas/common.ts'
import type { Attribute, ResourceType } from '#scim/schema.ts'

/** The folded form of a stored document. */
export function foldedData(data: ResourceData, type: ResourceType): JsonObject {
  const folded = Object.entries(data).map(([name, json]): [string, Json] => {
    const extension = isObject(json) ? containerOf(name, type)?.schema : undefined
    if (extension !== undefined && isObject(json)) return [name, foldedObject(json, extension.attributes)]
    const attribute = attributeNamed(name, type.schema.attributes) ?? attributeNamed(name, commonAttributes)
    return [name, foldedValue(json, attribute)]
  })
  return Object.fromEntries(folded)
}

/** What a comparison looks at in place of a text: folded unless case exact, an instant if it is a dateTime. */
export function foldedText(text: string, attribute: Attribute): string | number {
  if (attribute.type === 'dateTime') return parseDateTime(text) ?? text
  return attribute.caseExact ? text : fold(text)
}

function foldedObject(object: JsonObject, attributes: readonly Attribute[]): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, json]) => [name, foldedValue(json, attributeNamed(name, attributes))]),
  )
}

function foldedValue(json: Json, attribute: Attribute | undefined): Json {
  if (attribute === undefined) return json
  if (isList(json)) return json.map((one) => foldedValue(one, attribute))
  if (isObject(json)) return foldedObject(json, attribute.subAttributes ?? [])
  return typeof json === 'string' ? foldedText(json, attribute) : json
}
