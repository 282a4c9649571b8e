/** Assignment policies as rows: written by the operator, their state read back from what the worker wrote. */

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

/**
 * Writes a policy and its rules and asks for its evaluation, all in one transaction. A policy whose generation and
 * hash are as they were is not written.
 *
 * @returns true if something was written
 * @throws StaleEpochError, DatabaseUnavailableError
 */
export async function putPolicy(owner: Owner, tenantId: TenantId, policy: PolicyRecord): Promise<boolean> {
  return writeAsOwner(owner, async (em) => {
    const known = await em.findOne(Policy, { tenantId, id: policy.id })
    if (known?.generation === policy.generation && known.specHash === policy.specHash) return false
    const { rules, created, ...fields } = policy
    if (known === null) em.create(Policy, { ...fields, tenantId, created }, { persist: true })
    else em.assign(known, fields)
    await em.flush()
    if (known === null) await createState(em, tenantId, policy)
    await replaceRules(em, tenantId, policy.id, rules)
    await em.execute('select enqueue_evaluation(?)', [tenantId])
    return true
  })
}

/** The state's row is what evaluation and removal lock, so it is there from the beginning. */
async function createState(
  em: EntityManager,
  tenantId: TenantId,
  { id, created }: PolicyRecord,
): Promise<void> {
  await em.insert(PolicyStateRow, { tenantId, policyId: id, updated: created, counts: {}, problems: [] })
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
