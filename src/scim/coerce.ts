/**
 * An inbound value made what its attribute says, or refused. Tolerant of the dialects of scim/dialects.ts: text for
 * booleans, a list of one for a single value and the reverse, bare text for a complex value, empty text for nothing.
 */

import { attributeNamed } from './attribute-path.ts'
import { parseDateTime } from './date-time.ts'
import type { Met } from './dialects.ts'
import { ScimError } from './errors.ts'
import { isList, isObject } from './json.ts'
import type { Json, JsonObject, Scalar } from './json.ts'
import type { Attribute } from './schema.ts'
import { isStorableText } from './text.ts'

/** Null stands for unassigned, also below: `{givenName: null}` unassigns that one when merged. */
type Coerced = Scalar | null | JsonObject

/**
 * The value of one attribute: a list if it is multi-valued, otherwise one value; null if unassigned.
 * Names become canonical; unknown and read-only sub-attributes are dropped. Throws invalidValue.
 */
export function coerce(json: Json, attribute: Attribute, path: string, met: Met): Json {
  if (!attribute.multiValued) return coerceOne(unwrapped(json, path, met), attribute, path, met)
  if (json === null) return null
  if (!isList(json) && json !== '') met.add('scalar-for-list')
  return (isList(json) ? json : [json])
    .map((element) => coerceOne(element, attribute, path, met))
    .filter((element) => element !== null)
}

/** The value of one element of a multi-valued attribute, or of a single-valued one. */
export function coerceOne(json: Json, attribute: Attribute, path: string, met: Met): Coerced {
  if (json === null) return null
  if (json === '') {
    met.add('okta-empty-text')
    return null
  }
  return attribute.type === 'complex'
    ? coerceComplex(json, attribute, path, met)
    : coerceScalar(json, attribute, path, met)
}

function unwrapped(json: Json, path: string, met: Met): Json {
  if (!isList(json)) return json
  if (json.length > 1) throw invalidValue(path, 'has one value, not a list')
  if (json.length === 1) met.add('okta-wrapped-scalar')
  return json[0] ?? null
}

function coerceComplex(json: Json, attribute: Attribute, path: string, met: Met): JsonObject {
  const subAttributes = attribute.subAttributes ?? []
  const significant = attributeNamed('value', subAttributes)
  if (!isObject(json)) {
    if (typeof json !== 'string' || significant === undefined) throw invalidValue(path, 'is an object')
    met.add('entra-bare-reference')
    return { value: coerce(json, significant, `${path}.value`, met) }
  }
  if (isBareReference(json, significant)) return json
  const entries: [string, Json][] = []
  for (const [key, value] of Object.entries(json)) {
    const subAttribute = attributeNamed(standardKey(key, attribute, met), subAttributes)
    if (subAttribute === undefined) met.add('unknown-attribute')
    else if (subAttribute.mutability !== 'readOnly') {
      entries.push([subAttribute.name, coerce(value, subAttribute, `${path}.${subAttribute.name}`, met)])
    }
  }
  return Object.fromEntries(entries)
}

/** `{"value": "text"}` is what it should be already: lists of members hold a hundred thousand of them. */
function isBareReference(json: JsonObject, significant: Attribute | undefined): boolean {
  const { value } = json
  return (
    typeof value === 'string' &&
    value !== '' &&
    significant?.type === 'string' &&
    !significant.multiValued &&
    significant.mutability !== 'readOnly' &&
    Object.keys(json).length === 1 &&
    isStorableText(value)
  )
}

/** SCIM 1.1 called `manager.value` managerId, and OneLogin's templates still do. */
function standardKey(key: string, attribute: Attribute, met: Met): string {
  if (attribute.name !== 'manager' || key.toLowerCase() !== 'managerid') return key
  met.add('onelogin-manager-id')
  return 'value'
}

function coerceScalar(json: Json, attribute: Attribute, path: string, met: Met): Scalar {
  switch (attribute.type) {
    case 'boolean':
      return booleanOf(json, path, met)
    case 'integer':
      if (Number.isSafeInteger(json)) return Number(json)
      throw invalidValue(path, 'is a whole number')
    case 'decimal':
      if (Number.isFinite(json)) return Number(json)
      throw invalidValue(path, 'is a number')
    case 'dateTime':
      if (typeof json === 'string' && parseDateTime(json) !== undefined) return json
      throw invalidValue(path, 'is a dateTime such as 2011-05-13T04:42:34Z')
    case 'binary':
      if (typeof json === 'string' && base64.test(json)) return json
      throw invalidValue(path, 'is base64')
    case 'string':
    case 'reference':
    case 'complex':
      return textOf(json, path)
  }
}

const base64 = /^[\w+/=\s-]+$/

function booleanOf(json: Json, path: string, met: Met): boolean {
  if (typeof json === 'boolean') return json
  const word = typeof json === 'string' ? json.toLowerCase() : ''
  if (word !== 'true' && word !== 'false') throw invalidValue(path, 'is true or false')
  met.add('entra-string-booleans')
  return word === 'true'
}

function textOf(json: Json, path: string): string {
  if (typeof json !== 'string') throw invalidValue(path, 'is a text')
  if (!isStorableText(json)) throw invalidValue(path, 'has characters that no text may hold')
  return json
}

/** A refusal of a value: RFC 7644 table 9. The sentence goes on after the path. */
export function invalidValue(path: string, problem: string): ScimError {
  return new ScimError(400, `${path} ${problem}.`, { scimType: 'invalidValue', path })
}
