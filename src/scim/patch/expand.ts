/**
 * The keys of a partial resource as operations: what a path-less PATCH value is, an extension's container, and the
 * body of POST and PUT (which is a replace of each attribute that it names).
 */

import { containerOf, resolveAttribute } from '#scim/attribute-path.ts'
import type { Container } from '#scim/attribute-path.ts'
import { coerce, coerceOne, invalidValue } from '#scim/coerce.ts'
import type { Met } from '#scim/dialects.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import type { ResourceType } from '#scim/schema.ts'
import type { PatchOperation, PatchTarget } from './operation.ts'
import { printTarget } from './operation.ts'
import { parsePatchPath } from './path.ts'

/** How a body is read. */
export interface Reading {
  readonly type: ResourceType
  readonly op: 'add' | 'replace'
  readonly met: Met
}

/** One operation for each key; keys that mean nothing here, and read-only attributes, are dropped. */
export function expand(
  value: JsonObject,
  reading: Reading,
  container?: Container,
): readonly PatchOperation[] {
  return Object.entries(value).flatMap(([key, json]) => expandKey(key, json, reading, container))
}

function expandKey(
  key: string,
  json: Json,
  reading: Reading,
  container: Container | undefined,
): readonly PatchOperation[] {
  const { type, met } = reading
  const inner = containerOf(key, type)
  if (inner !== undefined) {
    if (key !== inner.schema.id) met.add('onelogin-legacy-urns')
    return expandContainer(json, reading, inner)
  }
  const target = targetOfKey(key, type, container)
  if (target === undefined) {
    met.add(key.includes(':') ? 'entra-unknown-schema' : 'unknown-attribute')
    return []
  }
  const { attribute, subAttribute } = target.reference
  if (key !== attribute.name && /[.:[]/u.test(key)) met.add('entra-dotted-keys')
  if (attribute.name === 'id') return typeof json === 'string' ? [{ op: 'identify', id: json }] : []
  const isWritable = [attribute, subAttribute].every(
    (one) => one === undefined || one.mutability !== 'readOnly',
  )
  return isWritable ? [assignment(target, json, reading)] : []
}

/** The attributes of an extension under its URN; null unassigns all of them. */
export function expandContainer(
  json: Json,
  reading: Reading,
  container: Container,
): readonly PatchOperation[] {
  if (json === null || json === '') return removals(container, reading.type)
  if (!isObject(json)) throw invalidValue(container.schema.id, 'is an object')
  return expand(json, reading, container)
}

/** Unassigns every attribute of an extension. The core schema is no container that could go. */
export function removals(container: Container, type: ResourceType): readonly PatchOperation[] {
  if (container.extension === undefined) return []
  return container.schema.attributes.flatMap((attribute) => {
    const target = parsePatchPath(`${container.schema.id}:${attribute.name}`, type)
    return target === undefined ? [] : [{ op: 'remove' as const, target }]
  })
}

/** The operation that gives a target its value, in the type that its attribute has. */
export function assignment(target: PatchTarget, json: Json, reading: Reading): PatchOperation {
  const { attribute, subAttribute } = target.reference
  const path = printTarget(target)
  const isElement = target.filter !== undefined && subAttribute === undefined
  const value = isElement
    ? coerceOne(singleOf(json), attribute, path, reading.met)
    : coerce(json, subAttribute ?? attribute, path, reading.met)
  return { op: reading.op, target, value }
}

/** An element may come in a list of one. */
function singleOf(json: Json): Json {
  return isList(json) && json.length === 1 ? (json[0] ?? null) : json
}

/** A key with brackets is meant as a path, so what is wrong in it is told; any other odd key is an unknown name. */
function targetOfKey(
  key: string,
  type: ResourceType,
  container: Container | undefined,
): PatchTarget | undefined {
  const isQualified = container === undefined || /^urn:/iu.test(key)
  const path = isQualified ? key : `${container.schema.id}:${key}`
  if (path.includes('[')) return parsePatchPath(path, type)
  const reference = resolveAttribute(path, type)
  return reference && { reference }
}
