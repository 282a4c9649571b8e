/** A PATCH that touches nothing but members, recognised without the resource. */

import type { MembershipStep } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { applyPatch } from './apply.ts'
import type { PatchOperation } from './operation.ts'

/**
 * The membership steps of such a PATCH; undefined if it says anything about the document, which then has to be read.
 * Identity providers send most changes of groups like this. Throws as `applyPatch` does.
 */
export function membersOnly(
  operations: readonly PatchOperation[],
  id: string,
  type: ResourceType,
): readonly MembershipStep[] | undefined {
  const isAboutMembers = (operation: PatchOperation): boolean => {
    if (operation.op === 'identify') return true
    const { attribute, extension } = operation.target.reference
    return extension === undefined && attribute.name === type.membershipAttribute
  }
  if (type.membershipAttribute === undefined || !operations.every(isAboutMembers)) return undefined
  // No operation looks at the document, so the least one that may be stored stands for it.
  return applyPatch({ id, data: { [type.uniqueAttribute]: '-' } }, operations, type).membership
}
