/** Why a user holds what the user holds: the facts of now, judged by the pure evaluator. */

import { type Assignment, evaluate, type Evaluation } from '#assignment/evaluate.ts'
import type { UserFacts } from '#assignment/judge.ts'
import { parseData } from '#scim/project.ts'
import { userType } from '#scim/resource-types.ts'
import type { Directory } from './database.ts'
import { type NamedPolicy, readPolicies } from './evaluation-policies.ts'
import { defaultRule } from './evaluation-statement.ts'
import { isId } from './member-values.ts'
import { pinsOf, readPins, type StoredPin } from './pins.ts'
import { resourceColumns, type ResourceRow } from './resource-row.ts'
import { inTenant, type TenantId, type TenantScope } from './tenant-scope.ts'

export interface PolicyExplanation {
  readonly policyId: string
  /** Name of the policy's custom resource. */
  readonly policy: string
  /** By which generation of the policy every user has been evaluated; older than `generation` while a pass runs. */
  readonly evaluatedGeneration: number
  readonly generation: number
  /** What the user holds, as materialised. */
  readonly held: readonly Assignment[]
  /** What the rules say of the user as both are now; the same unless an evaluation is still to come. */
  readonly evaluation: Evaluation
}

export interface ExplanationQuery {
  /** Id of the user. */
  readonly user: string
  /** Name or uid of one policy; all of them unless given. */
  readonly policy?: string
}

/** One explanation per policy, in the order of their ids; undefined if the tenant has no such user. */
export async function explainUser(
  directory: Directory,
  tenantId: TenantId,
  { user, policy }: ExplanationQuery,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly PolicyExplanation[] | undefined> {
  if (!isId(user)) return undefined
  return inTenant(directory, tenantId, options, async (scope) => {
    const facts = await factsOf(scope, user)
    if (facts === undefined) return undefined
    const held = await heldBy(scope, user)
    const pins = Map.groupBy(await readPins(scope), ({ policyId }) => policyId)
    const policies = await readPolicies(scope)
    return policies
      .filter((one) => policy === undefined || one.name === policy || one.policy.id === policy)
      .map((one) => explain(one, facts, pins.get(one.policy.id) ?? [], held))
  })
}

interface HeldRow {
  readonly policyId: string
  readonly value: string
  readonly rule: string
}

function explain(
  { name, policy }: NamedPolicy,
  facts: UserFacts,
  pins: readonly StoredPin[],
  held: readonly HeldRow[],
): PolicyExplanation {
  const { id, generation, compiled, state } = policy
  return {
    policyId: id,
    policy: name,
    generation,
    evaluatedGeneration: state.generation,
    held: held
      .filter(({ policyId }) => policyId === id)
      .map(({ value, rule }) => ({ value, rule: rule === defaultRule ? null : rule })),
    evaluation: evaluate(compiled, facts, pinsOf(pins)),
  }
}

async function factsOf(scope: TenantScope, userId: string): Promise<UserFacts | undefined> {
  interface Row extends ResourceRow {
    readonly active: boolean | null
    readonly groupIds: readonly string[]
  }
  const [row] = await scope.query<Row>({
    name: 'facts-of-user',
    text: `select ${resourceColumns('resource')}, resource.active, array(
        select group_id from membership where membership.tenant_id = $1 and membership.member_id = resource.id
      ) as "groupIds"
      from resource where resource.tenant_id = $1 and resource.id = $2 and resource.type = $3`,
    values: [scope.tenantId, userId, userType.name],
  })
  if (row === undefined) return undefined
  const { id, type, json, version, created, lastModified, active, groupIds } = row
  const subject = { id, type, data: parseData(json), version, created, lastModified }
  return { id, active: active !== false, groups: new Set(groupIds), subject }
}

async function heldBy(scope: TenantScope, userId: string): Promise<readonly HeldRow[]> {
  return scope.query<HeldRow>({
    name: 'held-by-user',
    text: `select policy_id as "policyId", value, rule from assignment
      where tenant_id = $1 and user_id = $2 order by policy_id, value`,
    values: [scope.tenantId, userId],
  })
}
