/**
 * The statement that evaluates one policy for some users and writes the difference. It reads nothing but these
 * users, whatever the policy says, and writes nothing that is there already.
 */

import type { Pins } from '#assignment/selector.ts'
import { GroupBits } from './evaluation-groups.ts'
import type { EvaluatedPolicy } from './evaluation-policies.ts'
import { defaultOrdinal, hits } from './evaluation-rules.ts'
import { DocumentValues } from './evaluation-values.ts'
import { newParameters } from './parameters.ts'
import type { Statement } from './statement.ts'

/** How `assignment.rule` says that the default gave the value: no rule has an empty name. */
export const defaultRule = ''

/** One row per change and value, with how many users it concerns; and one row with the change in holders. */
export interface ChangeRow {
  readonly change: 'granted' | 'revoked' | 'holders'
  readonly value: string
  readonly users: number
}

export interface EvaluationInput {
  readonly tenantId: string
  readonly policy: EvaluatedPolicy
  readonly pins: Pins
  readonly userIds: readonly string[]
  readonly now: Date
}

/**
 * - `person`: the active users of the batch. `offset 0` keeps the planner from moving the expressions for the columns
 *   into each of the rules.
 * - `wanted`: what they get, once per value; under Many the first rule that gives it.
 * - `held`: what they have, by the row, so that the writes go straight to what they change.
 * - The three writes touch different rows, so that all of them may work on the snapshot from before. Nobody else
 *   writes assignments but the deletion of a user, since the caller holds the tenant's lock.
 *
 * Everything is read user by user (`cross join lateral` with `offset 0`). Joins that are left to the planner go wrong
 * in the first pass over a new tenant: no ANALYZE has seen its rows, so it expects one assignment of the policy, and
 * reads all that there are so far, three times in every batch. For the same reason `held` asks an index that has the
 * user and not the policy. Where the groups are joined to all memberships at once, and not to those of each user, they
 * are hashed once (3 us a user in place of 15).
 */
export function evaluationStatement({ tenantId, policy, pins, userIds, now }: EvaluationInput): Statement {
  const { compiled, id, generation } = policy
  const groups = new GroupBits()
  const parameters = newParameters(tenantId, id, userIds, generation, now)
  const { bind } = parameters
  const documents = new DocumentValues('person', bind)
  const rules = { pins, groups, values: documents, bind, tenant: '$1::uuid', user: 'person' }
  const applies = hits(compiled, rules)
  const gives = givenValues(policy)
  const given = [
    bind(
      gives.map(({ ordinal }) => ordinal),
      'integer[]',
    ),
    bind(
      gives.map(({ value }) => value),
      'text[]',
    ),
    bind(
      gives.map(({ rule }) => rule),
      'text[]',
    ),
  ]
  const asked = groups.rows()
  const groupIds = bind(
    asked.map(({ groupId }) => groupId),
    'uuid[]',
  )
  const bits = bind(
    asked.map(({ bits }) => bits),
    'text[]',
  )
  // A bit string has at least one bit.
  const bitType = `bit(${String(Math.max(1, groups.width))})`
  const none = `repeat('0', ${String(groups.width)})::${bitType}`
  const columns = ['resource.*', `coalesce(member.group_bits, ${none}) as group_bits`]
  return {
    values: parameters.values,
    text: `with member as (
        select holder.id, bit_or(asked.bits) as group_bits
        from (
          select touched.id, mine.group_id from unnest($3::uuid[]) as touched (id) cross join lateral (
            select group_id from membership
            where membership.tenant_id = $1::uuid and membership.member_id = touched.id offset 0
          ) mine
          offset 0
        ) holder
        join unnest(${groupIds}, ${bits}::${bitType}[]) as asked (group_id, bits) on asked.group_id = holder.group_id
        group by holder.id
      ), outcome as (
        select person.id as user_id, hit.ordinal
        from (
          select ${[...columns, ...documents.columns('resource')].join(', ')}
          from unnest($3::uuid[]) as touched (id) cross join lateral (
            select * from resource
            where resource.tenant_id = $1::uuid and resource.id = touched.id
              and resource.type = 'User' and resource.active is distinct from false
            offset 0
          ) resource
          left join member on member.id = touched.id
          offset 0
        ) person cross join lateral ${applies}
        where hit.ordinal is not null
      ), wanted as materialized (
        select distinct on (outcome.user_id, gives.value) outcome.user_id, gives.value, gives.rule
        from outcome join unnest(${given.join(', ')}) as gives (ordinal, value, rule)
          on gives.ordinal = outcome.ordinal
        order by outcome.user_id, gives.value, gives.ordinal
      ), held as materialized (
        select mine.place, mine.user_id, mine.value, mine.rule
        from unnest($3::uuid[]) as touched (id) cross join lateral (
          select assignment.ctid as place, policy_id, user_id, value, rule from assignment
          where assignment.tenant_id = $1::uuid and assignment.user_id = touched.id offset 0
        ) mine
        where mine.policy_id = $2::uuid
      ), difference as materialized (
        select user_id, value, held.place, held.rule as old_rule, wanted.rule as new_rule
        from held full join wanted using (user_id, value) where held.rule is distinct from wanted.rule
      ), revoked as (
        delete from assignment
        where assignment.tenant_id = $1::uuid
          and assignment.ctid = any(array(select place from difference where new_rule is null))
        returning value
      ), moved as (
        update assignment set rule = difference.new_rule, generation = $4::bigint from difference
        where assignment.tenant_id = $1::uuid and assignment.ctid = difference.place
          and assignment.ctid = any(array(select place from difference where new_rule is not null and place is not null))
      ), granted as (
        insert into assignment (tenant_id, policy_id, user_id, value, rule, generation, since)
        select $1::uuid, $2::uuid, user_id, value, new_rule, $4::bigint, $5::timestamptz
        from difference where old_rule is null
        returning value
      )
      select 'granted' as change, value, count(*) as users from granted group by value
      union all
      select 'revoked', value, count(*) from revoked group by value
      union all
      select 'holders', '', (select count(distinct user_id) from wanted) - (select count(distinct user_id) from held)`,
  }
}

interface GivenValue {
  readonly ordinal: number
  readonly value: string
  readonly rule: string
}

/** The values of each rule by its place, and the default at its own. */
function givenValues({ compiled }: EvaluatedPolicy): readonly GivenValue[] {
  const given = compiled.rules.flatMap(({ name, assign }, ordinal) =>
    assign.map((value) => ({ ordinal, value, rule: name })),
  )
  if (compiled.default === undefined) return given
  return [...given, { ordinal: defaultOrdinal, value: compiled.default, rule: defaultRule }]
}
