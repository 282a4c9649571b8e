/** The change log: who did what. Its rows are written inside of the statement that makes the change. */

import type { NamedValues } from './prepared.ts'
import type { TenantScope } from './tenant-scope.ts'

/** Who makes a change, for the log. */
export interface Actor {
  /** Id of the token, or `system`. */
  readonly actor: string
  readonly requestId: string
}

/**
 * What happened to a resource. `join`: members that were pushed before they existed have appeared. `leave`: members
 * were deleted.
 */
export type ChangeAction = 'create' | 'patch' | 'replace' | 'delete' | 'join' | 'leave'

/** Members in one row of the log; a longer list goes on in the next row. */
export const membersPerChange = 1_000

const writes = new WeakMap<TenantScope, number>()

/** The values that every statement with log rows binds, for the next write of the transaction. */
export function logValues(scope: TenantScope, actor: Actor, action: ChangeAction, now: Date): NamedValues {
  const written = writes.get(scope) ?? 0
  writes.set(scope, written + 1)
  return {
    tenant: scope.tenantId,
    actor: actor.actor,
    request: actor.requestId,
    action,
    now,
    ordinal: written,
  }
}

/**
 * CTEs `numbered` and `chunks`: what a CTE `moved (value text, kind text)` holds, as log details of at most
 * `membersPerChange` members each. Kinds are the keys of the detail.
 */
export const chunkCtes: readonly string[] = [
  `numbered as (
    select value, kind, (row_number() over () - 1) / ${String(membersPerChange)} as chunk
    from moved
  )`,
  `chunks as (
    select chunk::integer as chunk, jsonb_strip_nulls(jsonb_build_object(
      'added', jsonb_agg(value) filter (where kind = 'added'),
      'removed', jsonb_agg(value) filter (where kind = 'removed'),
      'pendingAdded', jsonb_agg(value) filter (where kind = 'pendingAdded'),
      'pendingRemoved', jsonb_agg(value) filter (where kind = 'pendingRemoved')
    )) as detail
    from numbered group by chunk
  )`,
]

/** CTE `details`: the chunks, the first of them with the document, which is SQL of type jsonb. */
export function detailsWith(document: string): string {
  return `details as (
    select 0 as chunk, jsonb_build_object('data', ${document})
      || coalesce((select chunks.detail from chunks where chunks.chunk = 0), '{}') as detail
    union all
    select chunks.chunk, chunks.detail from chunks where chunks.chunk > 0
  )`
}

/**
 * The id of a row of the log. Rows of one write have one ordinal and are ordered by their ids, so those begin with the
 * place in the write (32 bits, SQL of a whole number); the rest is random.
 */
const idAt = (place: string): string =>
  `(lpad(to_hex(${place}), 8, '0') || right(gen_random_uuid()::text, 28))::uuid`

/** Rows of other resources that a write moves follow those of its own. */
const placeOfOthers = 0x8000_0000

const columns =
  '(tenant_id, at, id, ordinal, actor, request_id, action, resource_type, resource_id, version, detail)'

/** CTE `logged`: a row for each chunk of `details`, a CTE, with the version that `version` selects from. */
export function logCte(details: 'chunks' | 'details', from: string): string {
  return `logged as (
    insert into change ${columns}
    select :tenant::uuid, :now::timestamptz, ${idAt(`${details}.chunk`)}, :ordinal::integer,
      :actor::text, :request::text, :action::text, :type::text, :id::uuid, ${from}.version, ${details}.detail
    from ${from} cross join ${details}
  )`
}

/** CTE `others_logged`: a row for each resource in the CTE `others (id, type, version)` that the write moved too. */
export function logOthersCte(action: ChangeAction, kind: 'added' | 'removed'): string {
  return `others_logged as (
    insert into change ${columns}
    select :tenant::uuid, :now::timestamptz,
      ${idAt(`${String(placeOfOthers)} + row_number() over (order by others.id)`)}, :ordinal::integer,
      :actor::text, :request::text, '${action}', others.type, others.id, others.version,
      jsonb_build_object('${kind}', jsonb_build_array(:id::uuid))
    from others
  )`
}
