/** A tenant whose users, groups and policies a test changes, and the worker's part done by hand. */

import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Assignment } from '#assignment/evaluate.ts'
import type { PolicySpecCore } from '#assignment/rule.ts'
import { type AssignmentRow, listAssignments } from '#directory/assignments.ts'
import { changeResource } from '#directory/change-resource.ts'
import { openDirectory, type Directory } from '#directory/database.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { explainUser } from '#directory/explanation.ts'
import { listResources } from '#directory/list-resources.ts'
import { evaluatePending, recomputeNext } from '#directory/evaluation.ts'
import type { EvaluationState } from '#directory/evaluation-policies.ts'
import { type Owner, takeEpoch } from '#directory/owner.ts'
import { policiesOf, policyState, putPolicy, removePolicy } from '#directory/policies.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import { compareCodePoints } from '#scim/fold.ts'
import type { ResourceData } from '#scim/resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import {
  addGroup,
  addUser,
  newTenantId,
  openTestDirectory,
  step,
  type TestDirectory,
  tester,
} from './open-directory.ts'

type MatchSpec = PolicySpecCore['rules'][number]['match']

/** What is open for a whole test file. */
export interface EvaluationDirectories extends AsyncDisposable {
  readonly db: TestDirectory
  /** Opened as `scim_worker`. */
  readonly worker: Directory
  readonly owner: Owner
}

export async function openEvaluationDirectories(): Promise<EvaluationDirectories> {
  const stack = new AsyncDisposableStack()
  const db = stack.use(await openTestDirectory())
  const worker = stack.use(
    await openDirectory({ url: db.database.workerUrl, applicationName: 'test-worker' }),
  )
  const owner = stack.use(await openDirectory({ url: db.database.ownerUrl, applicationName: 'test-owner' }))
  return {
    db,
    worker,
    owner: await takeEpoch(owner),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const byValue = (assignments: readonly Assignment[]) =>
  assignments.toSorted((one, other) => compareCodePoints(one.value, other.value))

export const inGroup = (displayName: string): MatchSpec => ({ anyGroup: [{ displayName }] })

/** A policy's specification from `name: [match, ...values]`. */
export function specOf(
  cardinality: 'One' | 'Many',
  rules: Readonly<Record<string, readonly [MatchSpec, ...string[]]>>,
  defaultValue?: string,
): PolicySpecCore {
  return {
    cardinality,
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
    rules: Object.entries(rules).map(([name, [match, ...assign]]) => ({ name, match, assign })),
  }
}

export type EvaluationTenant = ReturnType<typeof newEvaluationTenant>

/** A new tenant in the open directories. */
export function newEvaluationTenant({ db: shared, worker, owner }: EvaluationDirectories) {
  const tenant = newTenantId()
  const db: TestDirectory = {
    ...shared,
    tenant,
    write: (work, ofTenant = tenant) => inTenant(shared.directory, ofTenant, {}, work),
  }
  const change = async (type: ResourceType, id: string, changes: ResourceData) => {
    const next = (data: ResourceData) => ({ data: { ...data, ...changes }, membership: [] })
    await db.write((scope) => changeResource(scope, { type, id, change: ({ data }) => next(data) }, tester))
  }
  const remove = (type: ResourceType, id: string) =>
    db.write((scope) => deleteResource(scope, { type, id }, tester))
  return {
    db,
    tenant,
    worker,
    owner,
    user: async (userName: string, data: ResourceData = {}) => (await addUser(db, userName, data)).id,
    changeUser: (id: string, changes: ResourceData) => change(userType, id, changes),
    deleteUser: (id: string) => remove(userType, id),
    group: async (displayName: string, members: readonly string[] = [], data: ResourceData = {}) =>
      (await addGroup(db, displayName, members, data)).id,
    renameGroup: (id: string, displayName: string) => change(groupType, id, { displayName }),
    deleteGroup: (id: string) => remove(groupType, id),
    join: (groupId: string, ...values: readonly string[]) => step(db, groupId, { kind: 'add', values }),
    leave: (groupId: string, ...values: readonly string[]) => step(db, groupId, { kind: 'remove', values }),
    /** Writes a policy; the same id with a higher generation changes it. */
    async policy(spec: PolicySpecCore, id: string = randomUUID(), generation = 1): Promise<string> {
      const record = {
        id,
        namespace: 'default',
        name: `policy-${id.slice(0, 8)}`,
        specHash: String(generation),
        spec,
      }
      const { cardinality, rules } = spec
      const facts = {
        cardinality,
        rules,
        defaultValue: spec.default ?? null,
        generation,
        created: new Date(),
      }
      await putPolicy(owner, tenant, { ...record, ...facts })
      return id
    },
    removePolicy: (id: string) => removePolicy(owner, tenant, id),
    pending: (limit = 100) => evaluatePending(worker, tenant, { limit }),
    pass: (limit = 100) => recomputeNext(worker, tenant, { limit }),
    /** Works until nothing is left. */
    async settle(limit = 100): Promise<void> {
      for (;;) {
        const pending = await evaluatePending(worker, tenant, { limit })
        const passed = await recomputeNext(worker, tenant, { limit })
        if (pending.kind === 'idle' && passed.kind === 'idle') return
      }
    },
    assignments: (): Promise<readonly AssignmentRow[]> =>
      listAssignments(shared.directory, tenant, { limit: 1_000 }),
    /** `value by rule` of a user, in order. */
    async held(userId: string): Promise<readonly string[]> {
      const rows = await listAssignments(shared.directory, tenant, { user: userId, limit: 1_000 })
      return rows.map(({ value, rule }) => `${value} by ${rule ?? 'default'}`)
    },
    /** What the operator reads of a policy. */
    async state(policyId: string): Promise<EvaluationState> {
      const state = await policyState(owner.directory, tenant, policyId)
      if (state === undefined) throw new Error('The policy has no state')
      return state as unknown as EvaluationState
    },
    /** What every user holds is what the pure evaluator says of the facts as they are now, and the counts agree. */
    async expectHeldAsExplained(): Promise<void> {
      const page = { kind: 'after', count: 1_000 } as const
      const { resources } = await listResources(shared.directory, tenant, {
        targets: [{ type: userType }],
        page,
      })
      const holders = new Map<string, Set<string>>()
      const counts = new Map<string, Record<string, number>>()
      for (const { id } of resources) {
        const explained = await explainUser(shared.directory, tenant, { user: id })
        for (const { policyId, held, evaluation } of explained ?? []) {
          expect(held).toEqual(byValue(evaluation.assignments))
          if (held.length > 0) holders.set(policyId, (holders.get(policyId) ?? new Set()).add(id))
          const counted = counts.get(policyId) ?? {}
          for (const { value } of held) counted[value] = (counted[value] ?? 0) + 1
          counts.set(policyId, counted)
        }
      }
      for (const { id } of await policiesOf(owner.directory, tenant)) {
        const expected = { users: holders.get(id)?.size ?? 0, counts: counts.get(id) ?? {}, progress: null }
        expect(await this.state(id)).toMatchObject(expected)
        expect(Object.keys((await this.state(id)).counts)).toHaveLength(Object.keys(expected.counts).length)
      }
    },
    async problems(policyId: string): Promise<readonly string[]> {
      return (await this.state(policyId)).problems.map(({ reason, rule }) => `${reason} in ${rule}`)
    },
  }
}
