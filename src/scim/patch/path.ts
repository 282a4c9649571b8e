/** PATCH paths: `attr`, `attr.sub`, `attr[filter]`, `attr[filter].sub`, each with or without a URN (RFC 7644 3.5.2). */

import { attributeNamed, parseAttributePath, resolveAttribute } from '#scim/attribute-path.ts'
import { ScimError } from '#scim/errors.ts'
import { parseElementFilter } from '#scim/filter/parse.ts'
import type { ResourceType } from '#scim/schema.ts'
import type { PatchTarget } from './operation.ts'

const valuePath = /^(?<list>[^[]+)\[(?<filter>.*)\](?:\.(?<sub>[^\].]+))?$/s

/**
 * The target of a path; undefined if its syntax is right but the type has no such attribute.
 * Throws invalidPath for wrong syntax and invalidFilter for what is wrong between the brackets.
 */
export function parsePatchPath(text: string, type: ResourceType): PatchTarget | undefined {
  const groups = valuePath.exec(text)?.groups
  if (groups === undefined) {
    if (parseAttributePath(text) === undefined) throw invalidPath(text, 'is no path')
    const reference = resolveAttribute(text, type)
    return reference && { reference }
  }
  const { list = '', filter = '', sub } = groups
  if (parseAttributePath(list) === undefined) throw invalidPath(text, 'is no path')
  const reference = resolveAttribute(list, type)
  if (reference === undefined) return undefined
  if (!reference.attribute.multiValued || reference.attribute.type !== 'complex' || reference.subAttribute) {
    throw invalidPath(text, 'has brackets after an attribute that is no list of complex values')
  }
  const selection = parseElementFilter(filter, reference, type)
  if (sub === undefined) return { reference, filter: selection }
  const subAttribute = attributeNamed(sub, reference.attribute.subAttributes ?? [])
  return subAttribute && { reference: { ...reference, subAttribute }, filter: selection }
}

/** A refusal of a path: RFC 7644 table 9. The sentence goes on after the path. */
export function invalidPath(path: string, problem: string): ScimError {
  return new ScimError(400, `${path} ${problem}.`, { scimType: 'invalidPath', path })
}
