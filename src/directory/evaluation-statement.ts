/**
 * The statement that evaluates one policy for some users and writes the difference. It reads nothing but these
 * users, whatever the policy says, and writes nothing that is there already.
 */

import type { Pins } from '#assignment/selector.ts'
import { GroupBits } from './evaluation-groups.ts'
import type { EvaluatedPolicy } from './evaluation-policies.ts'
import { defaultOrdinal, hits } from './evaluation-rules.ts'
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
 * - `person`: the active users of the batch. `offset 0` keeps the planner from moving the expression for
 *   `group_bits` into each of the rules.
 * - `wanted`: what they get, once per value; under Many the first rule that gives it.
 * - The three writes touch different rows, so that all of them may work on the snapshot from before. Nobody else
 *   writes assignments but the deletion of a user, since the caller holds the tenant's lock.
 */
export function evaluationStatement({ tenantId, policy, pins, userIds, now }: EvaluationInput): Statement {
  const { compiled, id, generation } = policy
  const groups = new GroupBits()
  const parameters = newParameters(tenantId, id, userIds, generation, now)
  const { bind } = parameters
  const applies = hits(compiled, { pins, groups, bind, tenant: '$1::uuid', user: 'person' })
  const gives = givenValues(policy)
  const ordinals = bind(
    gives.map(({ ordinal }) => ordinal),
    'integer[]',
  )
  const values = bind(
    gives.map(({ value }) => value),
    'text[]',
  )
  const rules = bind(
    gives.map(({ rule }) => rule),
    'text[]',
  )
  const groupIds = bind(
    groups.rows().map(({ groupId }) => groupId),
    'uuid[]',
  )
  const bits = bind(
    groups.rows().map(({ bits }) => bits),
    'text[]',
  )
  // A bit string has at least one bit.
  const bitType = `bit(${String(Math.max(1, groups.width))})`
  return {
    values: parameters.values,
    text: `with member as (
        select membership.member_id, bit_or(asked.bits::${bitType}) as group_bits
        from unnest(${groupIds}, ${bits}) as asked (group_id, bits)
        join membership on membership.tenant_id = $1::uuid and membership.group_id = asked.group_id
        where membership.member_id = any($3::uuid[])
        group by membership.member_id
      ), outcome as (
        select person.id as user_id, hit.ordinal
        from (
          select resource.*, coalesce(member.group_bits, repeat('0', ${String(groups.width)})::${bitType}) as group_bits
          from resource left join member on member.member_id = resource.id
          where resource.tenant_id = $1::uuid and resource.id = any($3::uuid[])
            and resource.type = 'User' and resource.active is distinct from false
          offset 0
        ) person cross join lateral ${applies}
        where hit.ordinal is not null
      ), wanted as materialized (
        select distinct on (outcome.user_id, gives.value) outcome.user_id, gives.value, gives.rule
        from outcome join unnest(${ordinals}, ${values}, ${rules}) as gives (ordinal, value, rule)
          on gives.ordinal = outcome.ordinal
        order by outcome.user_id, gives.value, gives.ordinal
      ), held as materialized (
        select user_id, value, rule from assignment
        where tenant_id = $1::uuid and policy_id = $2::uuid and user_id = any($3::uuid[])
      ), difference as materialized (
        select user_id, value, held.rule as old_rule, wanted.rule as new_rule
        from held full join wanted using (user_id, value) where held.rule is distinct from wanted.rule
      ), revoked as (
        delete from assignment using difference
        where assignment.tenant_id = $1::uuid and assignment.policy_id = $2::uuid
          and assignment.user_id = any($3::uuid[]) and difference.new_rule is null
          and assignment.user_id = difference.user_id and assignment.value = difference.value
        returning assignment.value
      ), moved as (
        update assignment set rule = difference.new_rule, generation = $4::bigint from difference
        where assignment.tenant_id = $1::uuid and assignment.policy_id = $2::uuid
          and assignment.user_id = any($3::uuid[]) and difference.new_rule is not null
          and assignment.user_id = difference.user_id and assignment.value = difference.value
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
