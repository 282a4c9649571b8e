/**
 * From changes to assignments: one tenant at a time, a bounded piece of work per transaction, and every piece leaves
 * assignments, counts and marks in agreement. Kill it anywhere: what was not committed is done again.
 */

import { selectorKey } from '#assignment/selector.ts'
import type { Directory } from './database.ts'
import { countAgain, countsAfter } from './evaluation-counts.ts'
import { takePending, touchMembers } from './evaluation-pending.ts'
import {
  type EvaluatedPolicy,
  type EvaluationState,
  isNew,
  lockPolicies,
  lockUnfinishedPolicy,
  type PassProgress,
  saveState,
} from './evaluation-policies.ts'
import { hasNewlyMissing, problemsOf } from './evaluation-problems.ts'
import { type ChangeRow, type EvaluationInput, evaluationStatement } from './evaluation-statement.ts'
import { type SettledPins, settlePins } from './pins.ts'
import {
  inTenant,
  readInTenant,
  readOutsideTenants,
  type TenantId,
  tenantIdOf,
  type TenantScope,
} from './tenant-scope.ts'

/** What one piece of work did. */
export type EvaluationStep =
  /** Somebody else evaluates this tenant. */
  | { readonly kind: 'busy' }
  /** There was nothing to do. */
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'evaluated'
      readonly users: number
      readonly granted: number
      readonly revoked: number
      /** When the first of the evaluated changes was made; null in a pass over all users. */
      readonly oldest: Date | null
    }

export interface EvaluationOptions {
  /** Marks to take, or users to pass, at most. */
  readonly limit: number
  readonly now?: Date
  readonly signal?: AbortSignal
}

/** Evaluates users that were touched, all policies of the tenant at once, and sees to groups that came and went. */
export function evaluatePending(
  directory: Directory,
  tenantId: TenantId,
  { limit, now = new Date(), signal }: EvaluationOptions,
): Promise<EvaluationStep> {
  return whileAlone(directory, tenantId, signal, async (scope) => {
    const taken = await takePending(scope, limit)
    if (taken === undefined) return { kind: 'idle' }
    const policies = await lockPolicies(scope)
    const settled = await settlePins(scope, policies.map(toSettle), now)
    const changes: ChangeRow[] = []
    for (const policy of policies) {
      const pinned = settledOf(settled, policy)
      const state = await stateWithPins(scope, policy, pinned, now)
      const { tenantId } = scope
      const written = await evaluateUsers(scope, {
        tenantId,
        policy,
        pins: pinned.pins,
        // Who was deleted holds nothing, unless an evaluation at that moment gave it.
        userIds: [...taken.userIds, ...taken.deletedIds],
        now,
      })
      const counts =
        taken.deletedIds.length > 0 ? await countAgain(scope, policy.id) : countsAfter(state, written)
      await saveState(scope, policy, { ...state, ...counts }, now)
      changes.push(...written)
    }
    return { kind: 'evaluated', users: taken.userIds.length, ...sums(changes), oldest: taken.oldest }
  })
}

/**
 * Evaluates the next users of a pass over all of them, for the first policy that needs one: because it changed, or
 * because a group came or went that it speaks of. Users that change meanwhile are evaluated as touched ones, by the
 * same policy, so that it does not matter which comes first.
 */
export function recomputeNext(
  directory: Directory,
  tenantId: TenantId,
  { limit, now = new Date(), signal }: EvaluationOptions,
): Promise<EvaluationStep> {
  return whileAlone(directory, tenantId, signal, async (scope) => {
    const policy = await lockUnfinishedPolicy(scope)
    if (policy === undefined) return { kind: 'idle' }
    const pinned = settledOf(await settlePins(scope, [toSettle(policy)], now), policy)
    const state = await stateWithPins(scope, policy, pinned, now)
    const progress = state.progress ?? (await newPass(scope, policy))
    const userIds = await nextUsers(scope, progress.after, limit)
    const { tenantId } = scope
    const written = await evaluateUsers(scope, { tenantId, policy, pins: pinned.pins, userIds, now })
    const passed = {
      ...progress,
      after: userIds.at(-1) ?? null,
      evaluated: progress.evaluated + userIds.length,
    }
    const isDone = userIds.length < limit
    const after = isDone
      ? { ...state, generation: policy.generation, progress: null, ...(await countAgain(scope, policy.id)) }
      : { ...state, progress: passed, ...countsAfter(state, written) }
    await saveState(scope, policy, after, now)
    return { kind: 'evaluated', users: userIds.length, ...sums(written), oldest: null }
  })
}

/** Whether anything of the tenant waits: marks, or a policy that not every user has been evaluated by. */
export async function hasWork(
  directory: Directory,
  tenantId: TenantId,
  options: { readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const text = `select exists (select from pending where tenant_id = $1) or exists (
      select from policy join policy_state state on state.tenant_id = policy.tenant_id and state.policy_id = policy.id
      where policy.tenant_id = $1 and (state.generation <> policy.generation or state.progress is not null)
    ) as waits`
  const [row] = await readInTenant<{ waits: boolean }>(
    directory,
    tenantId,
    { text, values: [tenantId] },
    options,
  )
  return row?.waits ?? false
}

/** The tenants of which something waits. For the worker, whose role may ask. */
export async function tenantsWithPending(
  directory: Directory,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly TenantId[]> {
  const text = 'select tenants_with_pending() as id'
  const rows = await readOutsideTenants<{ id: string }>(directory, { text, values: [] }, options)
  return rows.map(({ id }) => tenantIdOf(id))
}

/**
 * Runs the work in a transaction that holds the tenant's lock, or says that another one does. The lock is given up
 * after the commit can be seen, so the next holder reads what this one wrote.
 */
function whileAlone(
  directory: Directory,
  tenantId: TenantId,
  signal: AbortSignal | undefined,
  work: (scope: TenantScope) => Promise<EvaluationStep>,
): Promise<EvaluationStep> {
  return inTenant(directory, tenantId, signal === undefined ? {} : { signal }, async (scope) =>
    (await takeLock(scope)) ? work(scope) : { kind: 'busy' },
  )
}

/** Compiling 256 rules to machine code takes longer (a second) than evaluating them, hence no jit. */
async function takeLock(scope: TenantScope): Promise<boolean> {
  const [row] = await scope.query<{ taken: boolean }>({
    name: 'take-evaluation-lock',
    text: `select pg_try_advisory_xact_lock(hashtextextended('scim evaluation ' || $1, 0)) as taken,
      set_config('jit', 'off', true)`,
    values: [scope.tenantId],
  })
  return row?.taken ?? false
}

async function evaluateUsers(scope: TenantScope, input: EvaluationInput): Promise<readonly ChangeRow[]> {
  return input.userIds.length === 0 ? [] : scope.query<ChangeRow>(evaluationStatement(input))
}

/** The state with the problems as they are now, and what follows from groups that came or went. */
async function stateWithPins(
  scope: TenantScope,
  policy: EvaluatedPolicy,
  pinned: SettledPins,
  now: Date,
): Promise<EvaluationState> {
  const state = { ...policy.state, problems: problemsOf(policy.compiled, pinned) }
  const concernsEverybody =
    isNew(policy) || hasNewlyMissing(policy.state.problems, state.problems) || excludesFound(policy, pinned)
  if (concernsEverybody) return { ...state, progress: await newPass(scope, policy) }
  // A group that was found only gives its members something; they may have been touched before it had this name.
  await touchMembers(scope, [...pinned.found.values()], now)
  return state
}

/** Whether a group was found that some rule excludes: all who are outside of it can be told from now on. */
function excludesFound({ compiled }: EvaluatedPolicy, { found }: SettledPins): boolean {
  return compiled.rules.some(({ noGroup }) => noGroup.some((selector) => found.has(selectorKey(selector))))
}

async function newPass(scope: TenantScope, { generation }: EvaluatedPolicy): Promise<PassProgress> {
  const [row] = await scope.query<{ total: number }>({
    name: 'count-users',
    text: `select count(*) as total from resource where tenant_id = $1 and type = 'User'`,
    values: [scope.tenantId],
  })
  return { generation, after: null, evaluated: 0, total: row?.total ?? 0 }
}

/** The users after one, in the order of ids. */
async function nextUsers(
  scope: TenantScope,
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const rows = await scope.query<{ id: string }>({
    name: 'next-users',
    text: `select id from resource
      where tenant_id = $1 and type = 'User' and id > coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
      order by id limit $3`,
    values: [scope.tenantId, after, limit],
  })
  return rows.map(({ id }) => id)
}

const toSettle = (policy: EvaluatedPolicy) => ({
  id: policy.id,
  compiled: policy.compiled,
  isNew: isNew(policy),
})

function settledOf(settled: ReadonlyMap<string, SettledPins>, { id }: EvaluatedPolicy): SettledPins {
  const pinned = settled.get(id)
  if (pinned === undefined) throw new Error('A policy was not settled')
  return pinned
}

function sums(changes: readonly ChangeRow[]): { readonly granted: number; readonly revoked: number } {
  const sum = (kind: ChangeRow['change']) =>
    changes.filter(({ change }) => change === kind).reduce((total, { users }) => total + users, 0)
  return { granted: sum('granted'), revoked: sum('revoked') }
}
