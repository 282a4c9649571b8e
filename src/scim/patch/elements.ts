/** What operations do to the elements of a multi-valued attribute. Lists are read-only: each change makes a new one. */

import type { Filter } from '#scim/filter/ast.ts'
import { matchesElement } from '#scim/filter/matches.ts'
import { canonicalText, compact, isList, isObject, isSameJson, propertyOf } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import type { Attribute } from '#scim/schema.ts'
import { ScimError } from '#scim/errors.ts'
import { invalidValue } from '#scim/coerce.ts'
import { merged } from './merge.ts'
import { printTarget } from './operation.ts'
import type { PatchOperation, PatchTarget } from './operation.ts'

type Elements = readonly Json[]
type Change = Exclude<PatchOperation, { op: 'identify' }>

/** Most values of a list in a document: a thousand operations on it shall not keep others waiting. Members have none. */
export const maxElements = 1000

/** The list after one operation: no element twice, at most one of them primary. */
export function changedList(before: Elements, operation: Change): Elements {
  const known = new Set(before)
  const after = withoutRepeats(
    change(before, operation).flatMap((element) => (known.has(element) ? element : (compact(element) ?? []))),
  )
  if (after.length > maxElements) {
    throw invalidValue(printTarget(operation.target), `has more than ${String(maxElements)} values`)
  }
  return withOnePrimary(after, known)
}

function change(list: Elements, operation: Change): Elements {
  const { filter, reference } = operation.target
  if (reference.subAttribute !== undefined) return changeSubAttribute(list, operation, reference.subAttribute)
  if (filter !== undefined) return changeSelected(list, operation, filter)
  switch (operation.op) {
    case 'add':
      return [...list, ...listOf(operation.value)]
    case 'replace':
      return listOf(operation.value)
    case 'remove':
      return operation.listed === undefined ? [] : withoutListed(list, operation.listed)
  }
}

/** `attr[filter]`: a replace puts the value in the place of each match, an add merges it into each. */
function changeSelected(list: Elements, operation: Change, filter: Filter): Elements {
  if (operation.op === 'remove' || operation.value === null) {
    return list.filter((element) => !matchesElement(filter, element))
  }
  const value = objectOf(operation.value)
  const pinned = pinnedBy(operation.target)
  if (!list.some((element) => matchesElement(filter, element)))
    return [...list, created(operation.target, value)]
  return list.map((element) => {
    if (!matchesElement(filter, element)) return element
    return operation.op === 'add' ? merged(objectOf(element), value) : { ...pinned, ...value }
  })
}

/** `attr[filter].sub`, and `attr.sub`, which means it in every element. */
function changeSubAttribute(list: Elements, operation: Change, subAttribute: Attribute): Elements {
  const { filter } = operation.target
  const value = operation.op === 'remove' ? null : operation.value
  const change = { [subAttribute.name]: value }
  const isSelected = (element: Json): boolean => filter === undefined || matchesElement(filter, element)
  if (!list.some(isSelected)) return value === null ? list : [...list, created(operation.target, change)]
  return list.map((element) => (isSelected(element) ? merged(objectOf(element), change) : element))
}

/** The element that an add or replace makes where none matched; throws noTarget if the filter does not say which. */
function created(target: PatchTarget, value: JsonObject): JsonObject {
  const pinned = target.filter === undefined ? {} : pinnedBy(target)
  if (pinned === undefined) {
    throw new ScimError(400, `${printTarget(target)} matches no value.`, {
      scimType: 'noTarget',
      path: printTarget(target),
    })
  }
  return { ...pinned, ...value }
}

/**
 * The sub-attributes that `type eq "work"` or `primary eq true` gives to a new element: Entra expects it to be made.
 * Undefined for any other filter, and for a type that is not canonical.
 */
function pinnedBy(target: PatchTarget): JsonObject | undefined {
  const { filter } = target
  if (filter?.kind !== 'comparison' || filter.operator !== 'eq') return undefined
  const { attribute } = filter.target
  const { value } = filter
  if (attribute.name === 'primary') return value === true ? { primary: true } : undefined
  if (attribute.name !== 'type' || typeof value !== 'string') return undefined
  const canonical = attribute.canonicalValues ?? [value]
  const isCanonical = canonical.some((one) => one.toLowerCase() === value.toLowerCase())
  return isCanonical ? { type: value } : undefined
}

/** Without the elements that the client lists; a value, with its type if given, says which is meant. */
function withoutListed(list: Elements, listed: Elements): Elements {
  return list.filter((element) => !listed.some((one) => isMeant(element, compact(one))))
}

function isMeant(element: Json, listed: Json | undefined): boolean {
  if (!isObject(listed)) return isSameJson(element, listed)
  const names = listed['value'] === undefined ? Object.keys(listed) : ['value', 'type']
  return names.every((name) => {
    const wanted = listed[name]
    return wanted === undefined || isSameJson(propertyOf(element, name), wanted)
  })
}

/** RFC 7643 2.4: the same (type, value) SHOULD NOT be returned twice. A repeat is merged into the first. */
function withoutRepeats(list: Elements): Elements {
  if (list.length < 2) return list
  const byKey = new Map<string, Json>()
  for (const element of list) {
    const key = keyOf(element)
    const known = byKey.get(key)
    byKey.set(
      key,
      known === undefined || isSameJson(known, element) ? (known ?? element) : union(known, element),
    )
  }
  return [...byKey.values()]
}

function union(known: Json, repeat: Json): Json {
  const both = { ...objectOf(known), ...objectOf(repeat) }
  return isSameJson(both, known) ? known : both
}

/** Elements never change, so what each is known by is found out once, however many operations follow. */
const keys = new WeakMap<JsonObject, string>()

/** What makes an element the same as another; whether it is the primary one does not. */
function keyOf(element: Json): string {
  if (!isObject(element)) return canonicalText(element)
  const known = keys.get(element)
  if (known !== undefined) return known
  const { primary: _primary, ...rest } = element
  const key = canonicalText(rest['value'] === undefined ? rest : [rest['type'] ?? null, rest['value']])
  keys.set(element, key)
  return key
}

/** RFC 7644 3.5.2: a new primary value takes the mark from the old one; among equals the first keeps it. */
function withOnePrimary(list: Elements, before: ReadonlySet<Json>): Elements {
  const primaries = list.filter((element) => propertyOf(element, 'primary') === true)
  if (primaries.length < 2) return list
  const leader = primaries.find((element) => !before.has(element)) ?? primaries[0]
  return list.map((element) =>
    element !== leader && propertyOf(element, 'primary') === true
      ? { ...objectOf(element), primary: false }
      : element,
  )
}

function listOf(json: Json): Elements {
  return isList(json) ? json : []
}

function objectOf(json: Json): JsonObject {
  return isObject(json) ? json : {}
}
