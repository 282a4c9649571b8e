/** Changing a resource by its current state, as PATCH and PUT do: lock and read, decide, write. */

import { isSameJson } from '#scim/json.ts'
import type { ChangedResource, ResourceData, StoredResource } from '#scim/resource.ts'
import { parseData } from '#scim/project.ts'
import type { ResourceType } from '#scim/schema.ts'
import { logValues } from './changes.ts'
import type { Actor, ChangeAction } from './changes.ts'
import { changeStatement, noParts } from './change-sql.ts'
import type { ChangedRow, ChangeParts } from './change-sql.ts'
import { limitValues } from './limits.ts'
import type { RowLimits } from './limits.ts'
import { lockDocument } from './lock-resource.ts'
import type { Precondition } from './lock-resource.ts'
import { matchingAsValues } from './matching-members.ts'
import { hasMembers } from './member-sql.ts'
import { isId, memberValues, netOf, partsOf } from './member-values.ts'
import type { NamedValues } from './prepared.ts'
import { documentValues, storedFrom } from './resource-row.ts'
import type { ResourceRow } from './resource-row.ts'
import type { TenantScope } from './tenant-scope.ts'
import { lockExternalId, lockUnresolved } from './waiting-members.ts'
import { writeRefusal } from './write-refusal.ts'

/** A change of one resource that depends on its current document. */
export interface ResourceChange {
  readonly type: ResourceType
  readonly id: string
  /** Decides the new state; throws to refuse. It may run again when the transaction is retried. */
  readonly change: (current: { readonly id: string; readonly data: ResourceData }) => ChangedResource
  readonly precondition?: Precondition
  /** Action in the change log, `patch` by default. */
  readonly action?: ChangeAction
  /** The clock of the caller. */
  readonly now?: Date
  /** Those of the tenant; a change that exceeds one is refused with 403. */
  readonly limits?: RowLimits
}

/**
 * Changes a resource under its row lock. Version and lastModified move exactly when the document differs or a row of
 * the members came or went. The result has neither `members` nor `groups`. Undefined if the tenant has no such
 * resource.
 *
 * @throws ScimError 409 uniqueness, and whatever the precondition and the change throw
 */
export async function changeResource(
  scope: TenantScope,
  wanted: ResourceChange,
  actor: Actor,
): Promise<{ readonly stored: StoredResource; readonly isChanged: boolean } | undefined> {
  const { type, id } = wanted
  if (!isId(id)) return undefined
  const values = {
    ...logValues(scope, actor, wanted.action ?? 'patch', wanted.now ?? new Date()),
    ...limitValues(type, wanted.limits),
    id,
    type: type.name,
  }
  const [row] = await scope.query<ResourceRow>(lockDocument(values))
  if (row === undefined) return undefined
  wanted.precondition?.(row.version)
  const current = parseData(row.json)
  const next = wanted.change({ id, data: current })
  const steps = await matchingAsValues(scope, { type, id, steps: next.membership })
  const delta = netOf(steps)
  const document = documentChange(current, next.data, type)
  const parts = { ...document.parts, ...partsOf(delta) }
  const changed = await write(scope, type, parts, { ...values, ...document.values, ...memberValues(delta) })
  const before = storedFrom(row)
  if (changed === undefined) return { stored: before, isChanged: false }
  const json = parts.document ? JSON.stringify(next.data) : before.json
  return { stored: { ...before, json, ...changed }, isChanged: true }
}

/** What of the columns a new document changes. */
function documentChange(
  current: ResourceData,
  next: ResourceData,
  type: ResourceType,
): { readonly parts: ChangeParts; readonly values: NamedValues } {
  if (isSameJson(current, next)) return { parts: noParts, values: {} }
  const values = documentValues(next, type)
  const isNewExternalId = current['externalId'] !== next['externalId']
  return {
    parts: {
      ...noParts,
      document: true,
      addresses: !isSameJson(current['emails'], next['emails']),
      joins: isNewExternalId && next['externalId'] !== undefined,
    },
    values,
  }
}

async function write(
  scope: TenantScope,
  type: ResourceType,
  parts: ChangeParts,
  values: NamedValues,
): Promise<ChangedRow | undefined> {
  if (!parts.document && !hasMembers(parts)) return undefined
  try {
    const [, , rows] = await Promise.all([
      parts.joins ? scope.query(lockExternalId(values)) : undefined,
      parts.adds ? scope.query(lockUnresolved(values)) : undefined,
      scope.query<ChangedRow>(changeStatement(parts)(values)),
    ])
    return rows[0]
  } catch (error) {
    throw writeRefusal(error, type)
  }
}
