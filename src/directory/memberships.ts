/** Changing the members of a resource without reading its members or its document. */

import type { MembershipStep } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { logValues } from './changes.ts'
import type { Actor, ChangeAction } from './changes.ts'
import { changeStatement, noParts } from './change-sql.ts'
import type { ChangedRow, ChangeParts } from './change-sql.ts'
import { limitValues } from './limits.ts'
import type { RowLimits } from './limits.ts'
import { lockResource, lockVersion } from './lock-resource.ts'
import type { LockedRow, Precondition } from './lock-resource.ts'
import { matchingAsValues } from './matching-members.ts'
import { hasMembers } from './member-sql.ts'
import { isId, memberValues, netOf, partsOf } from './member-values.ts'
import type { ValueStep } from './member-values.ts'
import { setPlanning } from './plan-once.ts'
import type { NamedValues } from './prepared.ts'
import type { TenantScope } from './tenant-scope.ts'
import { lockUnresolved } from './waiting-members.ts'
import { writeRefusal } from './write-refusal.ts'

/** A change of the members of one resource. */
export interface MembershipChange {
  readonly type: ResourceType
  readonly id: string
  readonly steps: readonly MembershipStep[]
  readonly precondition?: Precondition
  /** Action in the change log, `patch` by default. */
  readonly action?: ChangeAction
  /** The clock of the caller. */
  readonly now?: Date
  /** Those of the tenant; a change that exceeds one is refused with 403. */
  readonly limits?: RowLimits
}

/** Where a resource stands after a write. */
export interface WriteFacts {
  readonly version: number
  readonly lastModified: Date
  readonly isChanged: boolean
}

/**
 * Works off membership steps in order, in one flight of statements whatever the number of members and the size of
 * the group, unless there is a precondition or a removal by filter. Values that are nobody's wait for their
 * resource. Undefined if the tenant has no such resource.
 *
 * @throws whatever the precondition throws
 */
export async function changeMembership(
  scope: TenantScope,
  change: MembershipChange,
  actor: Actor,
): Promise<WriteFacts | undefined> {
  const { type, id, steps, precondition } = change
  if (!isId(id)) return undefined
  const values = {
    ...logValues(scope, actor, change.action ?? 'patch', change.now ?? new Date()),
    ...limitValues(type, change.limits),
    id,
    type: type.name,
  }
  const named = steps.filter(isValueStep)
  if (precondition === undefined && named.length === steps.length) {
    const pushed = pushOf(values, named)
    // Waiting values before the group, as a creation that joins groups locks them.
    const [, , [before], after] = await Promise.all([
      pushed.parts.adds ? scope.query(setPlanning({})) : undefined,
      pushed.parts.adds ? scope.query(lockUnresolved(pushed.values)) : undefined,
      scope.query<LockedRow>(lockResource(values)),
      apply(scope, pushed),
    ])
    return before && facts(before, after)
  }
  const [before] = await scope.query<LockedRow>(lockVersion(values))
  if (before === undefined) return undefined
  precondition?.(before.version)
  const pushed = pushOf(values, await matchingAsValues(scope, change))
  const [, after] = await Promise.all([
    pushed.parts.adds ? scope.query(lockUnresolved(pushed.values)) : undefined,
    apply(scope, pushed),
  ])
  return facts(before, after)
}

function facts(before: LockedRow, after: ChangedRow | undefined): WriteFacts {
  const { version, lastModified } = after ?? before
  return { version, lastModified, isChanged: after !== undefined }
}

function isValueStep(step: MembershipStep): step is ValueStep {
  return step.kind !== 'removeMatching'
}

interface Push {
  readonly parts: ChangeParts
  readonly values: NamedValues
}

function pushOf(values: NamedValues, steps: readonly ValueStep[]): Push {
  const delta = netOf(steps)
  return { parts: { ...noParts, ...partsOf(delta) }, values: { ...values, ...memberValues(delta) } }
}

/** Sends the change at once; the row it returns, or undefined when nothing changed. */
async function apply(scope: TenantScope, { parts, values }: Push): Promise<ChangedRow | undefined> {
  if (!hasMembers(parts)) return undefined
  try {
    const [row] = await scope.query<ChangedRow>(changeStatement(parts)(values))
    return row
  } catch (error) {
    throw writeRefusal(error)
  }
}
