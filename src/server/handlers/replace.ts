/** PUT: the whole resource anew; what the body does not name is unassigned (RFC 7644 section 3.5.1). */

import { changeResource } from '#directory/change-resource.ts'
import { readResourceIn } from '#directory/read-resource.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import type { ResourceType } from '#scim/schema.ts'
import { keepsOfCurrent, parseResource, replacementOf } from '#scim/validate.ts'

import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { notFound } from '#server/not-found.ts'
import { projectionOf, represent, rowsFor } from '#server/representation.ts'

export const replace = async (call: Call, type: ResourceType, id: string): Promise<Answer> => {
  const body = await call.body()
  // Refused before anything is locked; what it says of `active` depends on the current state, so it is read again.
  const parsed = parseResource(body, type)
  call.note(parsed.dialects)
  const projection = projectionOf(call, type)
  const { stored, isChanged } = await inTenant(
    call.directory,
    call.tenant.id,
    { signal: call.signal() },
    async (scope) => {
      const changed = await changeResource(
        scope,
        {
          type,
          id,
          action: 'replace',
          limits: call.tenant.settings.limits,
          change: (current) =>
            replacementOf(
              (keepsOfCurrent(type) ? parseResource(body, type, current) : parsed).resource,
              type,
            ),
          ...(call.precondition === undefined ? {} : { precondition: call.precondition }),
        },
        call.actor,
      )
      const stored = changed && (await readResourceIn(scope, { type, id, ...rowsFor(projection, type) }))
      if (stored === undefined) throw notFound(type, id)
      return { stored, isChanged: changed?.isChanged === true }
    },
  )
  if (isChanged) call.changed()
  return represent(call, stored, type, projection)
}
