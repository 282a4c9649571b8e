/** The policies of a tenant as the evaluation reads them, and the state it keeps of each. */

import { isDeepStrictEqual } from 'node:util'
import { type CompiledPolicy, compilePolicy } from '#assignment/compile.ts'
import { PolicySpecCore } from '#assignment/rule.ts'
import type { PolicyProblem } from './evaluation-problems.ts'
import type { TenantScope } from './tenant-scope.ts'

/** A pass over all users that is on its way. */
export interface PassProgress {
  /** The generation of the policy that it evaluates; a newer one starts over. */
  readonly generation: number
  /** The last user evaluated, in the order of ids; null at the start. */
  readonly after: string | null
  readonly evaluated: number
  /** Users when it began, for a figure of progress. */
  readonly total: number
}

export interface EvaluationState {
  /** The generation by which all users have been evaluated; 0 for none. */
  readonly generation: number
  readonly progress: PassProgress | null
  /** Users by value. */
  readonly counts: Readonly<Record<string, number>>
  /** Users who hold at least one value. */
  readonly users: number
  readonly problems: readonly PolicyProblem[]
}

export interface EvaluatedPolicy {
  readonly id: string
  readonly generation: number
  readonly compiled: CompiledPolicy
  readonly state: EvaluationState
}

/**
 * Reads the policies and locks their state until the transaction ends, so that none is removed meanwhile. First
 * the lock, then the read: a removal that it waited for is seen by the second statement.
 */
export async function lockPolicies(scope: TenantScope): Promise<readonly EvaluatedPolicy[]> {
  await lockStates(scope)
  return (await readPolicies(scope)).map(({ policy }) => policy)
}

/** The first policy that not every user has been evaluated by, under the same lock; only this one is compiled. */
export async function lockUnfinishedPolicy(scope: TenantScope): Promise<EvaluatedPolicy | undefined> {
  await lockStates(scope)
  const [first] = await readPolicies(scope, { isUnfinished: true, limit: 1 })
  return first?.policy
}

async function lockStates(scope: TenantScope): Promise<void> {
  await scope.query({
    name: 'lock-policies',
    text: 'select from policy_state where tenant_id = $1 order by policy_id for update',
    values: [scope.tenantId],
  })
}

/** A policy with what it is called. */
export interface NamedPolicy {
  readonly namespace: string
  readonly name: string
  readonly policy: EvaluatedPolicy
}

export interface PolicyQuery {
  /** Only those that not every user has been evaluated by as they are now. */
  readonly isUnfinished: boolean
  readonly limit: number
}

/** The policies of the tenant in the order of their ids; all of them unless told. */
export async function readPolicies(scope: TenantScope, query?: PolicyQuery): Promise<readonly NamedPolicy[]> {
  interface Row {
    readonly id: string
    readonly namespace: string
    readonly name: string
    readonly generation: number
    /** As it was put, and so as the operator parsed it. */
    readonly core: unknown
    readonly state: EvaluationState
  }
  const rows = await scope.query<Row>({
    name: 'read-policies',
    text: `select policy.id, policy.namespace, policy.name, policy.generation,
        jsonb_strip_nulls(jsonb_build_object('cardinality', policy.cardinality, 'default', policy.default_value)) ||
          jsonb_build_object('rules', coalesce(
            (select jsonb_agg(jsonb_build_object('name', name, 'match', match, 'assign', assign) order by ordinal)
              from policy_rule where policy_rule.tenant_id = policy.tenant_id and policy_rule.policy_id = policy.id),
            '[]')) as core,
        jsonb_build_object('generation', state.generation, 'progress', state.progress, 'counts', state.counts,
          'users', state.users, 'problems', state.problems) as state
      from policy join policy_state state on state.tenant_id = policy.tenant_id and state.policy_id = policy.id
      where policy.tenant_id = $1
        and (not $2::boolean or state.generation <> policy.generation or state.progress is not null)
      order by policy.id limit $3::bigint`,
    values: [scope.tenantId, query?.isUnfinished ?? false, query?.limit ?? null],
  })
  return rows.map(({ id, namespace, name, generation, core, state }) => ({
    namespace,
    name,
    policy: { id, generation, state, compiled: compilePolicy(PolicySpecCore.parse(core)) },
  }))
}

/** Whether the policy changed and nothing has been evaluated by what it says now. */
export function isNew({ generation, state }: EvaluatedPolicy): boolean {
  return state.generation !== generation && state.progress?.generation !== generation
}

/** Writes the state if it changed. */
export async function saveState(
  scope: TenantScope,
  policy: EvaluatedPolicy,
  state: EvaluationState,
  now: Date,
): Promise<void> {
  if (isDeepStrictEqual(state, policy.state)) return
  await scope.query({
    name: 'save-policy-state',
    text: `update policy_state
      set generation = $3, progress = $4, counts = $5, users = $6, problems = $7, updated = $8
      where tenant_id = $1 and policy_id = $2`,
    values: [
      scope.tenantId,
      policy.id,
      state.generation,
      state.progress && JSON.stringify(state.progress),
      JSON.stringify(state.counts),
      state.users,
      JSON.stringify(state.problems),
      now,
    ],
  })
}
