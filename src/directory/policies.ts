/** Assignment policies as rows: written by the operator, their state read back from what the worker wrote. */

import { isDeepStrictEqual } from 'node:util'
import type { EntityManager } from '@mikro-orm/postgresql'
import { withClient } from './client.ts'
import type { Directory } from './database.ts'
import { PolicyRule } from './entities/policy-rule.ts'
import { PolicyState as PolicyStateRow } from './entities/policy-state.ts'
import { Policy } from './entities/policy.ts'
import { readAsOwner, writeAsOwner, type Owner } from './owner.ts'
import { tenantIdOf, type TenantId } from './tenant-scope.ts'

/** A policy with its rules in their order; `match` and `spec` are stored as they are. */
export interface PolicyRecord {
  /** uid of the custom resource. */
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly cardinality: 'One' | 'Many'
  readonly defaultValue: string | null
  /** `metadata.generation`: the worker evaluates everybody anew when it moves. */
  readonly generation: number
  readonly specHash: string
  readonly spec: object
  readonly rules: readonly PolicyRuleRecord[]
  readonly created: Date
}

export interface PolicyRuleRecord {
  readonly name: string
  readonly match: object
  readonly assign: readonly string[]
}

/** What the worker knows of a policy. */
export interface PolicyState {
  readonly tenantId: TenantId
  readonly policyId: string
  /** The generation by which every user has been evaluated, 0 before the first. */
  readonly generation: number
  /** A full evaluation under way, null when there is none. */
  readonly progress: object | null
  /** Users by value. */
  readonly counts: Readonly<Record<string, number>>
  /** Users who hold at least one value. */
  readonly users: number
  readonly problems: readonly object[]
  readonly updated: Date
}

/** What became of a policy that was put. */
export type PutPolicyOutcome =
  /** It was stored as it is wanted; nothing was written. */
  | 'unchanged'
  /** It is new, or its specification changed. */
  | 'written'
  /** Somebody else had changed its rows: they say what the specification says again. */
  | 'corrected'

/**
 * Makes the rows of a policy what its specification says, its rules included, and asks for its evaluation, all in one
 * transaction. Every field but `created` is compared, so that rows changed by hand are put back, and then everybody is
 * evaluated again. Pins and state belong to the worker and stay.
 *
 * @throws StaleEpochError, DatabaseUnavailableError
 */
export async function putPolicy(
  owner: Owner,
  tenantId: TenantId,
  policy: PolicyRecord,
): Promise<PutPolicyOutcome> {
  return writeAsOwner(owner, async (em) => {
    const { created, ...wanted } = policy
    const stored = await storedPolicy(em, tenantId, policy.id)
    if (isDeepStrictEqual(stored, wanted)) return 'unchanged'
    const { rules, ...fields } = wanted
    await em.upsert(Policy, { ...fields, tenantId, created }, { onConflictExcludeFields: ['created'] })
    await createState(em, tenantId, policy)
    await replaceRules(em, tenantId, policy.id, rules)
    await restartPass(em, tenantId, policy)
    await em.execute('select enqueue_evaluation(?)', [tenantId])
    return stored !== undefined && isDrift(stored, wanted) ? 'corrected' : 'written'
  })
}

type StoredPolicy = Omit<PolicyRecord, 'created'>

/** The hash covers all but the generation, which only grows, and may grow without a change of what is stored. */
function isDrift(stored: StoredPolicy, wanted: StoredPolicy): boolean {
  if (stored.specHash !== wanted.specHash) return false
  return (
    stored.generation >= wanted.generation ||
    !isDeepStrictEqual({ ...stored, generation: wanted.generation }, wanted)
  )
}

/** Policy and rules in one read; a policy that has lost its state is as good as gone. */
async function storedPolicy(
  em: EntityManager,
  tenantId: TenantId,
  id: string,
): Promise<StoredPolicy | undefined> {
  const [row] = await em.execute<{ stored: StoredPolicy }[]>(
    `select jsonb_build_object('id', id, 'namespace', namespace, 'name', name, 'cardinality', cardinality,
        'defaultValue', default_value, 'generation', policy.generation, 'specHash', spec_hash, 'spec', spec,
        'rules', coalesce(
          (select jsonb_agg(jsonb_build_object('name', name, 'match', match, 'assign', assign) order by ordinal)
            from policy_rule where policy_rule.tenant_id = policy.tenant_id and policy_rule.policy_id = policy.id),
          '[]')) as stored
      from policy join policy_state state on state.tenant_id = policy.tenant_id and state.policy_id = policy.id
      where policy.tenant_id = ? and policy.id = ?`,
    [tenantId, id],
  )
  return row?.stored
}

/** The state's row is what evaluation and removal lock, so it is there from the beginning. */
async function createState(
  em: EntityManager,
  tenantId: TenantId,
  { id, created }: PolicyRecord,
): Promise<void> {
  const state = { tenantId, policyId: id, updated: created, counts: {}, problems: [] }
  await em.upsert(PolicyStateRow, state, { onConflictAction: 'ignore' })
}

/**
 * Begins the pass over all users anew if the one of this generation has begun or ended: by whatever the rows said. One
 * that has not begun needs nothing. An evaluation under way commits first.
 */
async function restartPass(
  em: EntityManager,
  tenantId: TenantId,
  { id, generation }: PolicyRecord,
): Promise<void> {
  await em.execute(
    `update policy_state set updated = now(), progress = jsonb_build_object(
        'generation', ?::bigint, 'after', null, 'evaluated', 0,
        'total', (select count(*) from resource where tenant_id = policy_state.tenant_id and type = 'User'))
      where tenant_id = ? and policy_id = ? and ?::bigint in (generation, (progress->>'generation')::bigint)`,
    [generation, tenantId, id, generation],
  )
}

async function replaceRules(
  em: EntityManager,
  tenantId: TenantId,
  policyId: string,
  rules: readonly PolicyRuleRecord[],
): Promise<void> {
  await em.nativeDelete(PolicyRule, { tenantId, policyId })
  const rows = rules.map(({ name, match, assign }, ordinal) => ({
    tenantId,
    policyId,
    ordinal,
    name,
    match,
    assign: [...assign],
  }))
  if (rows.length > 0) await em.insertMany(PolicyRule, rows)
}

/**
 * Removes a policy with its rules, pins, state and assignments. The state is locked first: an evaluation under way
 * finishes, and one that waits finds the policy gone. Only then, in a statement of its own that sees what that
 * evaluation has written, do the assignments go.
 *
 * @throws StaleEpochError, DatabaseUnavailableError
 */
export async function removePolicy(owner: Owner, tenantId: TenantId, policyId: string): Promise<void> {
  const ids = [tenantId, policyId]
  await writeAsOwner(owner, async (em) => {
    await em.execute('select from policy_state where tenant_id = ? and policy_id = ? for update', ids)
    await em.execute('delete from policy where tenant_id = ? and id = ?', ids)
    await em.execute('delete from assignment where tenant_id = ? and policy_id = ?', ids)
  })
}

/** The policies of a tenant in the order of their ids. */
export async function policiesOf(directory: Directory, tenantId: TenantId): Promise<PolicyRecord[]> {
  return readAsOwner(directory, async (em) => {
    const policies = await em.find(Policy, { tenantId }, { orderBy: { id: 'asc' } })
    const rules = await em.find(PolicyRule, { tenantId }, { orderBy: { policyId: 'asc', ordinal: 'asc' } })
    return policies.map((policy) => recordOf(policy, rules))
  })
}

function recordOf(policy: Policy, rules: readonly PolicyRule[]): PolicyRecord {
  return {
    id: policy.id,
    namespace: policy.namespace,
    name: policy.name,
    cardinality: policy.cardinality,
    generation: policy.generation,
    specHash: policy.specHash,
    spec: policy.spec,
    created: policy.created,
    defaultValue: policy.defaultValue ?? null,
    rules: rules
      .filter((rule) => rule.policyId === policy.id)
      .map((rule) => ({ name: rule.name, match: rule.match, assign: rule.assign })),
  }
}

/** The state of one policy, undefined if there is no such policy. */
export async function policyState(
  directory: Directory,
  tenantId: TenantId,
  policyId: string,
): Promise<PolicyState | undefined> {
  const [row] = await withClient(directory, (query) =>
    query<StateRow>(`select ${stateColumns} from policy_state where tenant_id = $1 and policy_id = $2`, [
      tenantId,
      policyId,
    ]),
  )
  return row && stateOf(row)
}

export interface PolicyStates {
  readonly states: readonly PolicyState[]
  /** For the next call: `since`. */
  readonly next: string
}

/**
 * The states that changed since the call that returned `since`; without it, all. A state may come twice, but no
 * change is missed, however late it commits: the mark is the oldest transaction that was still running.
 */
export async function policyStates(directory: Directory, since = '0'): Promise<PolicyStates> {
  const rows = await withClient(directory, (query) =>
    query<StateRow & { readonly next: string }>(
      `with moment as (select pg_snapshot_xmin(pg_current_snapshot()) as next)
       select moment.next::text, ${stateColumns} from moment left join policy_state on xid >= $1::xid8
       order by tenant_id, policy_id`,
      [since],
    ),
  )
  return { states: rows.filter((row) => row.policy_id !== null).map(stateOf), next: rows[0]?.next ?? since }
}

interface StateRow {
  readonly tenant_id: string
  readonly policy_id: string
  readonly generation: number
  readonly progress: object | null
  readonly counts: Readonly<Record<string, number>>
  readonly users: number
  readonly problems: readonly object[]
  readonly updated: Date
}

const stateColumns = 'tenant_id, policy_id, generation, progress, counts, users, problems, updated'

function stateOf(row: StateRow): PolicyState {
  return {
    tenantId: tenantIdOf(row.tenant_id),
    policyId: row.policy_id,
    generation: row.generation,
    progress: row.progress,
    counts: row.counts,
    users: row.users,
    problems: row.problems,
    updated: row.updated,
  }
}
