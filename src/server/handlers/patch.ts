/**
 * PATCH: operations on a resource, all or none (RFC 7644 section 3.5.2). One that touches nothing but members reads
 * neither the document nor the members, however large the group.
 */

import { changeResource } from '#directory/change-resource.ts'
import { changeMembership } from '#directory/memberships.ts'
import type { WriteFacts } from '#directory/memberships.ts'
import { readResourceIn } from '#directory/read-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import type { TenantScope } from '#directory/tenant-scope.ts'
import { etagOf } from '#scim/etag.ts'
import { applyPatch } from '#scim/patch/apply.ts'
import { membersOnly } from '#scim/patch/members-only.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import type { PatchOperation } from '#scim/patch/operation.ts'
import type { MembershipStep } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'

import { noContent } from '#server/answer.ts'
import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { notFound } from '#server/not-found.ts'
import { projectionOf, represent, rowsFor } from '#server/representation.ts'

export const patch = async (call: Call, type: ResourceType, id: string): Promise<Answer> => {
  const { compatibility } = call.tenant.settings
  const isStrict = compatibility.strictness === 'Strict'
  const { operations, dialects } = parsePatch(await call.body(), type, { isStrict })
  call.note(dialects)
  const projection = projectionOf(call, type)
  // With `attributes` the client wants a body, whatever the integration prefers (RFC 7644 section 3.5.2).
  const isSilent = compatibility.patchResponse === 'NoContent' && !call.query.has('attributes')
  const rows = rowsFor(projection, type)
  const steps = membersOnly(operations, id, type)
  const { facts, stored } = await inTenant(
    call.directory,
    call.tenant.id,
    { signal: call.signal(), isOneStatement: isSilent && isOneFlight(call, steps) },
    async (scope) => {
      const facts = await work(call, scope, { type, id, operations, steps })
      if (facts === undefined) throw notFound(type, id)
      // In the transaction, under the lock: what is answered is what was written.
      return { facts, stored: isSilent ? undefined : await readResourceIn(scope, { type, id, ...rows }) }
    },
  )
  if (facts.isChanged) call.changed()
  return stored === undefined
    ? noContent({ etag: etagOf(facts.version) })
    : represent(call, stored, type, projection)
}

interface Wanted {
  readonly type: ResourceType
  readonly id: string
  readonly operations: readonly PatchOperation[]
  /** The operations, if they touch nothing but members. */
  readonly steps: readonly MembershipStep[] | undefined
}

/** Whether the change is sent without waiting for an answer in between, and its commit with it. */
const isOneFlight = ({ precondition }: Call, steps: Wanted['steps']): boolean =>
  precondition === undefined && steps?.every(({ kind }) => kind !== 'removeMatching') === true

const work = async (
  call: Call,
  scope: TenantScope,
  { type, id, operations, steps }: Wanted,
): Promise<WriteFacts | undefined> => {
  const { limits } = call.tenant.settings
  const condition = { limits, ...(call.precondition !== undefined && { precondition: call.precondition }) }
  if (steps !== undefined) return changeMembership(scope, { type, id, steps, ...condition }, call.actor)
  const change = (current: Parameters<typeof applyPatch>[0]) => applyPatch(current, operations, type)
  const changed = await changeResource(scope, { type, id, change, ...condition }, call.actor)
  return changed && { ...changed.stored, isChanged: changed.isChanged }
}
