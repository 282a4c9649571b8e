/** Creating a resource: one data-modifying statement, whatever comes with it. */

import { randomUUIDv7 } from 'node:crypto'
import type { NewResource, StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { logValues } from './changes.ts'
import type { Actor } from './changes.ts'
import { createAlone, createAwaited, createWithMembers } from './creation-sql.ts'
import type { Directory } from './database.ts'
import { limitValues } from './limits.ts'
import type { RowLimits } from './limits.ts'
import { addValues, netOf } from './member-values.ts'
import type { NamedValues } from './prepared.ts'
import { readResourceIn } from './read-resource.ts'
import { documentValues } from './resource-row.ts'
import type { Included } from './resource-row.ts'
import type { Statement } from './statement.ts'
import { inTenant } from './tenant-scope.ts'
import type { TenantId, TenantScope } from './tenant-scope.ts'
import { beginCreation, lockUnresolved, shareExternalId } from './waiting-members.ts'
import { writeRefusal } from './write-refusal.ts'

/** `now`, the clock of the caller, is written as `created`; the limits are those of the tenant. */
export type Creation = NewResource & { readonly now?: Date; readonly limits?: RowLimits }

/**
 * Creates a resource in a transaction of its own: in one flight, unless it has members, a group waits for it, or the
 * limit is near. What the rows name, `members` and `groups`, is in the result of those; of all others it is nothing.
 *
 * @throws as createResource
 */
export async function createInTenant(
  directory: Directory,
  tenantId: TenantId,
  wanted: {
    readonly type: ResourceType
    readonly resource: Creation
    readonly rows?: Included
    readonly signal?: AbortSignal
  },
  actor: Actor,
): Promise<StoredResource> {
  const { type, resource, rows = {}, signal } = wanted
  const options = signal === undefined ? {} : { signal }
  if ((resource.members ?? []).length === 0) {
    const alone = await inTenant(directory, tenantId, { ...options, isOneStatement: true }, (scope) =>
      createIfAlone(scope, type, resource, actor),
    )
    if (alone !== undefined) return alone
  }
  return inTenant(directory, tenantId, options, async (scope) => {
    const created = await createResource(scope, type, resource, actor)
    if (rows.members !== true && rows.groups !== true) return created
    return (await readResourceIn(scope, { type, id: created.id, ...rows })) ?? created
  })
}

/**
 * Creates a resource with its members and joins the groups that waited for it; one flight of statements. The result
 * has neither `members` nor `groups`.
 *
 * @throws ScimError 409 uniqueness when another resource of the type has the unique attribute's folded value, 403 when
 *   a limit is reached
 */
export async function createResource(
  scope: TenantScope,
  type: ResourceType,
  resource: Creation,
  actor: Actor,
): Promise<StoredResource> {
  const { adds } = netOf([{ kind: 'add', values: resource.members ?? [] }])
  const { stored, values } = planned(scope, type, resource, actor)
  const all = { ...values, ...addValues(adds) }
  const statements =
    adds.length > 0
      ? [beginCreation(all), lockUnresolved(all), createWithMembers(all)]
      : [beginCreation(all), createAwaited(all)]
  await send(scope, type, statements)
  return stored
}

/** Undefined if it is not alone: nothing is written then. */
async function createIfAlone(
  scope: TenantScope,
  type: ResourceType,
  resource: Creation,
  actor: Actor,
): Promise<StoredResource | undefined> {
  const { stored, values } = planned(scope, type, resource, actor)
  const created = await send(scope, type, [shareExternalId(values), createAlone(values)])
  return created.length > 0 ? stored : undefined
}

/** The resource as it will be, and the values of the statements that create it. */
function planned(
  scope: TenantScope,
  type: ResourceType,
  resource: Creation,
  actor: Actor,
): { readonly stored: StoredResource; readonly values: NamedValues } {
  const id = randomUUIDv7()
  const now = resource.now ?? new Date()
  const document = documentValues(resource.data, type)
  return {
    stored: {
      id,
      type: type.name,
      json: String(document['data']),
      version: 1,
      created: now,
      lastModified: now,
    },
    values: {
      ...logValues(scope, actor, 'create', now),
      ...document,
      ...limitValues(type, resource.limits),
      id,
      type: type.name,
    },
  }
}

/** The rows of the last statement. */
async function send(
  scope: TenantScope,
  type: ResourceType,
  statements: readonly Statement[],
): Promise<readonly unknown[]> {
  try {
    return (await scope.batch(statements)).at(-1) ?? []
  } catch (error) {
    throw writeRefusal(error, type)
  }
}
