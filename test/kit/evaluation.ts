/** A tenant whose users, groups and policies a test changes, and the worker's part done by hand. */

import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Assignment } from '#assignment/evaluate.ts'
import type { PolicySpecCore } from '#assignment/rule.ts'
import { type AssignmentRow, listAssignments } from '#directory/assignments.ts'
import { changeResource } from '#directory/change-resource.ts'
import { openDirectory, type Directory } from '#directory/database.ts'
import { deleteResource } from '#directory/delete-resource.ts'
import { explainUser } from '#directory/explanation.ts'
import { listResources } from '#directory/list-resources.ts'
import { evaluatePending, recomputeNext } from '#directory/evaluation.ts'
import { type Owner, takeEpoch } from '#directory/owner.ts'
import { policiesOf, type PolicyState, policyState, putPolicy, removePolicy } from '#directory/policies.ts'
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
    async state(policyId: string): Promise<PolicyState> {
      const state = await policyState(owner.directory, tenant, policyId)
      if (state === undefined) throw new Error('The policy has no state')
      return state
    },
    async problems(policyId: string): Promise<readonly string[]> {
      const { problems } = await this.state(policyId)
      return problems.map((problem) =>
        Object.values({ reason: '', rule: '', ...problem })
          .slice(0, 2)
          .join(' in '),
      )
    },
    /**
     * Where what users hold is not what the pure evaluator says of the facts as they are now, and where the counts of
     * a policy are not those of its assignments. Empty once everything is evaluated.
     */
    async differences(): Promise<readonly object[]> {
      const page = { kind: 'after', count: 1_000 } as const
      const { resources } = await listResources(shared.directory, tenant, {
        targets: [{ type: userType }],
        page,
      })
      const found: object[] = []
      for (const { id } of resources) {
        for (const { policyId, held, evaluation } of (await explainUser(shared.directory, tenant, {
          user: id,
        })) ?? []) {
          const judged = byValue(evaluation.assignments)
          if (!isDeepStrictEqual(held, judged)) found.push({ user: id, policyId, held, judged })
        }
      }
      const rows = Map.groupBy(await this.assignments(), ({ policyId }) => policyId)
      for (const { id } of await policiesOf(owner.directory, tenant)) {
        const { counts, users } = await this.state(id)
        const counted = countsOf(rows.get(id) ?? [])
        if (!isDeepStrictEqual({ counts, users }, counted))
          found.push({ policyId: id, counts, users, counted })
      }
      return found
    },
  }
}

const byValue = (assignments: readonly Assignment[]) =>
  assignments.toSorted((one, other) => compareCodePoints(one.value, other.value))

function countsOf(rows: readonly AssignmentRow[]) {
  const byValue = Map.groupBy(rows, ({ value }) => value)
  const counts = Object.fromEntries([...byValue].map(([value, holders]) => [value, holders.length]))
  return { counts, users: new Set(rows.map(({ userId }) => userId)).size }
}
