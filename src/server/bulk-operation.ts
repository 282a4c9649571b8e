/** One operation of a bulk request, done by the handler that a request of its own would have met. */

import type { BulkOperation } from '#scim/bulk/parse.ts'
import { postpone } from '#scim/bulk/postpone.ts'
import { withId, withIds } from '#scim/bulk/references.ts'
import { ScimError } from '#scim/errors.ts'
import type { Json } from '#scim/json.ts'
import { resourceTypes } from '#scim/resource-types.ts'

import type { Answer } from './answer.ts'
import { locationAt } from './bulk-result.ts'
import type { Done } from './bulk-result.ts'
import { preconditionOf } from './call.ts'
import type { Call } from './call.ts'
import { methodNotAllowed } from './refusal.ts'
import { collection, item } from './resource-routes.ts'

/** The ids of what the request has created so far, by bulkId. Filled in place, as the operations go on. */
export type BulkIds = Map<string, string>

export interface Wanted {
  readonly operation: BulkOperation
  /** The bulkIds that it has to do without, or did without. */
  readonly postponed: ReadonlySet<string>
}

/** Does it; throws what a single request would have been refused with, or 409 for a reference to nothing. */
export const perform = async (call: Call, ids: BulkIds, { operation, postponed }: Wanted): Promise<Done> => {
  const { data, type, bulkId } = operation
  const now = postponed.size === 0 ? data : postpone(data, postponed, type).body
  const done = await handle(call, ids, { ...operation, data: now })
  if (operation.method === 'POST' && bulkId !== undefined) ids.set(bulkId, idIn(done))
  return done
}

/**
 * Adds what a resource was created without. If that is refused, the whole POST was: then nothing stays of it.
 */
export const complete = async (call: Call, ids: BulkIds, { operation, postponed }: Wanted): Promise<Done> => {
  const { bulkId = '', data, type } = operation
  const id = idOf(ids, bulkId)
  try {
    const { completion } = postpone(data, postponed, type)
    const { location, version } = await handle(call, ids, {
      type,
      method: 'PATCH',
      path: `${type.endpoint}/${id}`,
      id,
      data: completion,
    })
    return { status: 201, location, ...(version === undefined ? {} : { version }) }
  } catch (error) {
    ids.delete(bulkId)
    await handle(call, ids, { type, method: 'DELETE', path: `${type.endpoint}/${id}`, id, data: null })
    throw error
  }
}

const handle = async (call: Call, ids: BulkIds, operation: BulkOperation): Promise<Done> => {
  const { type, method, version } = operation
  const resolve = (bulkId: string): string => idOf(ids, bulkId)
  const id = operation.id === undefined ? undefined : withId(operation.id, resolve)
  const { methods } = id === undefined ? collection(type) : item(type)
  const handler = methods[method]
  if (handler === undefined) throw methodNotAllowed(methods, method)
  const answer = await handler(callOf(call, withIds(operation.data, resolve), version), id ?? '')
  return doneBy(answer, locationAt(call, id === undefined ? type.endpoint : `${type.endpoint}/${id}`))
}

const idOf = (ids: BulkIds, bulkId: string): string => {
  const id = ids.get(bulkId)
  if (id !== undefined) return id
  throw new ScimError(409, `bulkId:${bulkId.slice(0, 64)} refers to nothing that this request has created.`)
}

/** Results have no representations, so neither members nor groups are read for them. */
const withoutRows = resourceTypes
  .flatMap(({ membershipAttribute, membershipsAttribute }) => [membershipAttribute, membershipsAttribute])
  .filter((name) => name !== undefined)
  .join(',')

const callOf = (call: Call, data: Json, version: string | undefined): Call => ({
  ...call,
  query: new Map([['excludedattributes', withoutRows]]),
  body: () => Promise.resolve(data),
  precondition: preconditionOf(version),
  hasVersion: () => false,
})

const doneBy = ({ status, headers }: Answer, asked: string): Done => {
  const { location = asked, etag } = headers ?? {}
  return { status, location, ...(etag === undefined ? {} : { version: etag }) }
}

const idIn = ({ location }: Done): string => location.slice(location.lastIndexOf('/') + 1)
