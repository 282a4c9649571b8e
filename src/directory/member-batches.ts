/** The members of a resource in batches, for one that has more of them than are held at once. */

import type { Member } from '#scim/resource.ts'
import { setPlanningInOrder } from './plan-once.ts'
import { prepared } from './prepared.ts'
import { membersFrom, mostMembersAtOnce } from './resource-row.ts'
import type { TenantScope } from './tenant-scope.ts'

/**
 * All members by id, some thousand at a time, each batch read when it is asked for. They are those of one moment only
 * if the scope is a snapshot. None if there is no such resource.
 */
export async function* memberBatches(scope: TenantScope, id: string): AsyncGenerator<readonly Member[]> {
  await scope.query(setPlanningInOrder({}))
  let after: string | undefined = beforeAll
  while (after !== undefined) {
    const [row]: readonly BatchRow[] = await scope.query<BatchRow>(
      memberBatch({ tenant: scope.tenantId, id, after, count: mostMembersAtOnce }),
    )
    const members = membersFrom(row?.members)
    if (members.length > 0) yield members
    after = row?.last ?? undefined
  }
}

interface BatchRow {
  readonly members: string | null
  /** The id that the next batch begins behind; null behind the last member. */
  readonly last: string | null
}

const beforeAll = '00000000-0000-0000-0000-000000000000'

/**
 * The next members behind an id. Their rows come from the key of the membership in its order, so a batch costs the same
 * anywhere in a group. Where they go on is told by the memberships alone: a row without its resource ends nothing.
 */
export const memberBatch = prepared(
  'member_batch',
  `select max(page.member_id::text collate "C") as last,
    (json_agg(json_build_array(one.id, one.type, one.data ->> 'displayName') order by one.id)
      filter (where one.id is not null))::text as members
  from (
    select membership.member_id from membership
    where membership.tenant_id = :tenant::uuid and membership.group_id = :id::uuid
      and membership.member_id > :after::uuid
    order by membership.member_id limit :count::bigint
  ) as page left join lateral (
    select resource.id, resource.type, resource.data from resource
    where resource.tenant_id = :tenant::uuid and resource.id = page.member_id limit 1
  ) as one on true`,
)
