/** PatchOp body to typed operations (RFC 7644 section 3.5.2). */

import { containerOf } from '#scim/attribute-path.ts'
import { coerce, invalidValue } from '#scim/coerce.ts'
import type { DialectName, Met } from '#scim/dialects.ts'
import { ScimError } from '#scim/errors.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json } from '#scim/json.ts'
import type { ResourceType } from '#scim/schema.ts'
import { standardOperations } from './dialects.ts'
import type { StandardOperation } from './dialects.ts'
import { assignment, expand, expandContainer, removals } from './expand.ts'
import { printTarget } from './operation.ts'
import type { PatchOperation, PatchTarget } from './operation.ts'
import { invalidPath, parsePatchPath } from './path.ts'

export interface ParsedPatch {
  readonly operations: readonly PatchOperation[]
  /** Names from scim/dialects.ts, each once. */
  readonly dialects: readonly DialectName[]
}

interface Context {
  readonly type: ResourceType
  readonly met: Met
  readonly isStrict: boolean
}

/**
 * Reads the body of a PATCH. Unknown attributes are dropped; with `isStrict` a path to one is refused as invalidPath.
 * Throws a ScimError 400 with invalidSyntax, invalidPath, invalidFilter, invalidValue, noTarget or mutability.
 */
export function parsePatch(
  body: unknown,
  type: ResourceType,
  options: { readonly isStrict?: boolean } = {},
): ParsedPatch {
  const met: Met = new Set()
  const context = { type, met, isStrict: options.isStrict ?? false }
  const operations = standardOperations(body, met).flatMap((operation) => read(operation, context))
  return { operations, dialects: [...met] }
}

function read(operation: StandardOperation, context: Context): readonly PatchOperation[] {
  const { path } = operation
  if (path === undefined) return readPathless(operation, context)
  const container = containerOf(path, context.type)
  if (container !== undefined) {
    if (operation.op === 'remove') return removals(container, context.type)
    const reading = { ...context, op: operation.op }
    return expandContainer(required(operation, path), reading, container)
  }
  const target = parsePatchPath(path, context.type)
  if (target === undefined) {
    if (context.isStrict) throw invalidPath(path, 'is no attribute of this resource')
    context.met.add('unknown-attribute')
    return []
  }
  return readTargeted(operation, target, context)
}

function readPathless(operation: StandardOperation, context: Context): readonly PatchOperation[] {
  const { op } = operation
  if (op === 'remove') {
    throw new ScimError(400, 'A remove needs a path.', { scimType: 'noTarget' })
  }
  const value = singleOf(required(operation, 'value'))
  if (!isObject(value)) throw invalidValue('value', 'is an object where there is no path')
  if (op === 'replace') context.met.add('okta-pathless-replace')
  const operations = expand(value, { ...context, op })
  if (operations.some((one) => one.op === 'identify')) context.met.add('okta-id-echo')
  return operations
}

function readTargeted(
  operation: StandardOperation,
  target: PatchTarget,
  context: Context,
): readonly PatchOperation[] {
  const { attribute, subAttribute } = target.reference
  const path = printTarget(target)
  if (attribute.name === 'schemas' || attribute.mutability === 'writeOnly') return []
  if (attribute.name === 'id' && operation.op !== 'remove' && typeof operation.value === 'string') {
    context.met.add('okta-id-echo')
    return [{ op: 'identify', id: operation.value }]
  }
  const isFixed = attribute.mutability === 'readOnly' || subAttribute?.mutability === 'readOnly'
  if (isFixed || subAttribute?.mutability === 'immutable') throw mutability(path, 'cannot be changed')
  if (operation.op === 'remove') {
    if ((subAttribute ?? attribute).required) throw mutability(path, 'is required and cannot be removed')
    return [removal(operation, target, context.met)]
  }
  if (operation.op === 'add' && operation.value === undefined && isMembershipSelection(target, context)) {
    context.met.add('onelogin-add-by-filter')
    return [{ op: 'add', target, value: null }]
  }
  return [assignment(target, required(operation, path), { ...context, op: operation.op })]
}

/** A value on a remove names what to remove from a list; elsewhere it says nothing. */
function removal(operation: StandardOperation, target: PatchTarget, met: Met): PatchOperation {
  const { attribute, subAttribute } = target.reference
  const { value = null } = operation
  const isList = attribute.multiValued && subAttribute === undefined && target.filter === undefined
  if (!isList || value === null) return { op: 'remove', target }
  met.add('entra-value-removal')
  const listed = coerce(value, attribute, printTarget(target), met)
  return { op: 'remove', target, listed: Array.isArray(listed) ? listed : [] }
}

function isMembershipSelection(target: PatchTarget, context: Context): boolean {
  return target.filter !== undefined && target.reference.attribute.name === context.type.membershipAttribute
}

function required(operation: StandardOperation, path: string): Json {
  if (operation.value === undefined) throw invalidValue(path, 'has no value')
  return operation.value
}

function singleOf(json: Json): Json {
  return isList(json) && json.length === 1 ? (json[0] ?? null) : json
}

function mutability(path: string, problem: string): ScimError {
  return new ScimError(400, `${path} ${problem}.`, { scimType: 'mutability', path })
}
