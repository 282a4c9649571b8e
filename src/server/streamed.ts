/** Answers with more members than are held at once: read from one snapshot, as fast as the client takes them. */

import { memberBatches } from '#directory/member-batches.ts'
import { readResourceIn } from '#directory/read-resource.ts'
import { openSnapshot } from '#directory/tenant-scope.ts'
import type { TenantScope } from '#directory/tenant-scope.ts'
import { listResponseEnd, listResponseHead } from '#scim/list-response.ts'
import type { ListResponse } from '#scim/list-response.ts'
import { needsMemberships, render } from '#scim/project.ts'
import type { Projection } from '#scim/project.ts'
import { renderPieces } from '#scim/render-pieces.ts'
import type { StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { notFound } from './not-found.ts'
import { resourceHeaders } from './resource-headers.ts'

/** A resource and how it is shown. */
export interface Shown {
  readonly stored: StoredResource
  readonly type: ResourceType
  readonly projection: Projection
}

/**
 * The resource as it is now, members included: it may have changed since it was read or written. Throws 404 if it is
 * gone.
 */
export const streamedResource = async (call: Call, shown: Shown): Promise<Answer> => {
  await using stack = new AsyncDisposableStack()
  const snapshot = stack.use(await openSnapshot(call.directory, call.tenant.id, { signal: call.signal() }))
  const stored = await readAgain(snapshot, shown)
  if (stored === undefined) throw notFound(shown.type, shown.stored.id)
  const open = stack.move()
  return {
    status: 200,
    stream: {
      pieces: piecesOf(call, snapshot, { ...shown, stored }),
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    },
    headers: resourceHeaders(call, stored, shown.type),
  }
}

/** A list of which some have many members: those as they are now, the others as they were listed. */
export const streamedList = async (
  call: Call,
  list: readonly Shown[],
  paging: Omit<ListResponse, 'resources'>,
): Promise<Answer> => {
  await using stack = new AsyncDisposableStack()
  const snapshot = stack.use(await openSnapshot(call.directory, call.tenant.id, { signal: call.signal() }))
  const open = stack.move()
  return {
    status: 200,
    stream: {
      pieces: listPieces(call, snapshot, { list, head: listResponseHead(paging, list.length) }),
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    },
  }
}

async function* listPieces(
  call: Call,
  snapshot: TenantScope,
  { list, head }: { readonly list: readonly Shown[]; readonly head: string },
): AsyncGenerator<string> {
  yield head
  for (const [index, shown] of list.entries()) {
    if (index > 0) yield ','
    // One that is gone by now is shown as it was listed; its members are gone with it.
    const stored = (shown.stored.hasManyMembers && (await readAgain(snapshot, shown))) || shown.stored
    yield* piecesOf(call, snapshot, { ...shown, stored })
  }
  yield listResponseEnd
}

const readAgain = (snapshot: TenantScope, { stored, type, projection }: Shown) =>
  readResourceIn(snapshot, {
    type,
    id: stored.id,
    members: true,
    groups: needsMemberships(projection, type),
  })

async function* piecesOf(
  { baseURL }: Call,
  snapshot: TenantScope,
  { stored, type, projection }: Shown,
): AsyncGenerator<string> {
  if (stored.hasManyMembers === true)
    yield* renderPieces(stored, memberBatches(snapshot, stored.id), { type, projection, baseURL })
  else yield render(stored, type, projection, baseURL)
}
