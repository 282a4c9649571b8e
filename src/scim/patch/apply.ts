/** Typed operations on a resource: a new document and what happens to the members. Nothing is changed in place. */

import { ScimError } from '#scim/errors.ts'
import { compact, isList, isObject, isSameJson } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import { requireStorable } from '#scim/requirements.ts'
import type { ChangedResource, MembershipStep, ResourceData } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { changedList } from './elements.ts'
import { membershipStep, mergedSteps } from './membership.ts'
import { merged } from './merge.ts'
import type { PatchOperation } from './operation.ts'

type Change = Exclude<PatchOperation, { op: 'identify' }>

/**
 * The resource after all operations, in order. Throws a ScimError 400 (noTarget, mutability, invalidValue) and then
 * nothing has happened. Membership steps are merged and need no read of the members.
 */
export function applyPatch(
  current: { readonly id: string; readonly data: ResourceData },
  operations: readonly PatchOperation[],
  type: ResourceType,
): ChangedResource {
  let data = current.data
  const steps: MembershipStep[] = []
  for (const operation of operations) {
    if (operation.op === 'identify') requireOwnId(operation.id, current.id)
    else if (isOnMembers(operation, type)) steps.push(membershipStep(operation))
    else data = changedDocument(data, operation)
  }
  const changed = { data, membership: mergedSteps(steps) }
  requireStorable(changed, type)
  return changed
}

/** Whether two documents say the same; the order of an object's names does not count. */
export function sameData(left: ResourceData, right: ResourceData): boolean {
  return isSameJson(left, right)
}

function changedDocument(data: ResourceData, operation: Change): ResourceData {
  const { attribute, extension } = operation.target.reference
  if (attribute.mutability === 'writeOnly') return data
  const holder = extension === undefined ? data : objectOf(data[extension])
  const before = holder[attribute.name]
  const after = attribute.multiValued
    ? changedList(isList(before) ? before : [], operation)
    : changedValue(before, operation)
  const changed = withProperty(holder, attribute.name, after)
  return extension === undefined ? changed : withProperty(data, extension, changed)
}

function changedValue(before: Json | undefined, operation: Change): Json {
  const { subAttribute } = operation.target.reference
  const value = operation.op === 'remove' ? null : operation.value
  if (subAttribute !== undefined) return merged(objectOf(before), { [subAttribute.name]: value })
  return isObject(value) ? merged(objectOf(before), value) : value
}

/** A copy with the property set, or gone if unassigned. */
function withProperty(holder: JsonObject, name: string, value: Json): JsonObject {
  const assigned = compact(value)
  if (assigned !== undefined) return { ...holder, [name]: assigned }
  return Object.fromEntries(Object.entries(holder).filter(([key]) => key !== name))
}

function isOnMembers(operation: Change, type: ResourceType): boolean {
  const { attribute, extension } = operation.target.reference
  return extension === undefined && attribute.name === type.membershipAttribute
}

/** Hard spot 31: a body that carries the id of the resource itself changes nothing. */
function requireOwnId(id: string, own: string): void {
  if (id === own) return
  throw new ScimError(400, 'id cannot be changed.', { scimType: 'mutability', path: 'id' })
}

function objectOf(json: Json | undefined): JsonObject {
  return isObject(json) ? json : {}
}
