/** What is promised of a policy, on whatever adapter: its rows, its evaluation, its status and its end. */
import { describe, expect, test } from 'vitest'

import { createResource } from '#directory/create-resource.ts'
import { evaluatePending, recomputeNext } from '#directory/evaluation.ts'
import { policiesOf } from '#directory/policies.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import { tenantForOwner } from '#directory/tenants.ts'
import { ScimAssignmentPolicyObject, scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { opened } from '#test/kit/builders.ts'
import { driftOf } from '#test/kit/drift.ts'
import { aPolicy, anIntegration } from '#test/kit/manifests.ts'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { OpenQuiet, QuietOperator } from '#test/kit/operator.ts'

const name = 'laptops'
const actor = { actor: 'tester', requestId: 'request-1' }

async function tenantOf(operator: QuietOperator): Promise<TenantId> {
  const tenant = await tenantForOwner(operator.directory, { namespace: operator.namespace, name: 'okta' })
  return tenant!.id
}

/** What the worker does with it: evaluates who was touched, then everybody, as often as there is something to do. */
async function work(operator: QuietOperator): Promise<void> {
  await using directory = await opened(operator.db.workerUrl)
  const tenantId = await tenantOf(operator)
  for (let round = 0; round < 20; round += 1) {
    const touched = await evaluatePending(directory, tenantId, { limit: 100 })
    const passed = await recomputeNext(directory, tenantId, { limit: 100 })
    if (touched.kind === 'idle' && passed.kind === 'idle') return
  }
  throw new Error('the worker does not come to an end')
}

async function fill(operator: QuietOperator): Promise<void> {
  await using directory = await opened(operator.db.appUrl)
  await inTenant(directory, await tenantOf(operator), {}, async (scope) => {
    const ada = await createResource(scope, userType, { data: { userName: 'ada', active: true } }, actor)
    await createResource(scope, userType, { data: { userName: 'bob', active: true } }, actor)
    await createResource(scope, groupType, { data: { displayName: 'Staff' }, members: [ada.id] }, actor)
  })
}

const policy = async (operator: QuietOperator) =>
  ScimAssignmentPolicyObject.parse(await operator.object(scimAssignmentPolicy, name))

const assignments = async (operator: QuietOperator) => {
  const { rows } = await operator.directory.pool.query('select count(*)::int as held from assignment')
  return rows[0].held
}

/** `value by rule`, in order. */
const held = async (operator: QuietOperator): Promise<readonly string[]> => {
  const { rows } = await operator.directory.pool.query<{ held: string }>(
    `select value || ' by ' || coalesce(nullif(rule, ''), 'default') as held from assignment order by held`,
  )
  return rows.map((row) => row.held)
}

/** Declares the tests. */
export function policyPromises(open: OpenQuiet): void {
  /** An integration with its tenant and a policy beside it, which has not been looked at. */
  const aWorld = async (spec: Record<string, unknown> = {}): Promise<QuietOperator> => {
    const operator = await open()
    await operator.apply(anIntegration('okta'))
    await operator.reconcile('okta')
    await operator.apply(aPolicy(name, spec))
    return operator
  }

  test('a policy becomes rows, is evaluated, and its counts stand in the status', async () => {
    await using operator = await aWorld({ default: 'none' })
    await fill(operator)
    await operator.reconcilePolicy(name)
    expect(await operator.policyCondition(name, 'Synced')).toBe('False/Evaluating')
    await work(operator)
    await operator.reconcilePolicy(name)
    const { status, metadata } = await policy(operator)
    expect(metadata.finalizers).toEqual(['scim-operator.io/policy'])
    expect(status).toMatchObject({ observedGeneration: 1, evaluatedGeneration: 1, users: 2 })
    expect(status.values?.toSorted((a, b) => (a.value < b.value ? -1 : 1))).toEqual([
      { value: 'laptop', users: 1 },
      { value: 'none', users: 1 },
    ])
    expect(await operator.policyCondition(name, 'Ready')).toBe('True/Enforced')
    expect(await operator.policyCondition(name, 'Synced')).toBe('True/Evaluated')
  })

  test('a policy that is in order is looked at without a write', async () => {
    await using operator = await aWorld()
    await operator.reconcilePolicy(name)
    await work(operator)
    await operator.reconcilePolicy(name)
    operator.writes.count = 0
    await operator.reconcilePolicy(name)
    expect(operator.writes.count).toBe(0)
  })

  describe('rows of a policy', () => {
    const declared = ['laptop by staff', 'none by default']

    /** Evaluated: ada is of the staff, bob is not. */
    const anEvaluated = async (): Promise<QuietOperator> => {
      const operator = await aWorld({ default: 'none' })
      await fill(operator)
      await operator.reconcilePolicy(name)
      await work(operator)
      await operator.reconcilePolicy(name)
      expect(await held(operator)).toEqual(declared)
      return operator
    }

    test('that somebody changes are put back and counted, and so is who was evaluated by them', async () => {
      await using operator = await anEvaluated()
      const { pool } = operator.directory
      await pool.query(`update policy set default_value = 'all'`)
      await pool.query(
        `update policy_rule set match = '{"where": "userName eq \\"bob\\""}', assign = '{root}'`,
      )
      await pool.query(
        `insert into pending (tenant_id, resource_id, since) select tenant_id, id, now() from resource where type = 'User'`,
      )
      await work(operator)
      expect(await held(operator)).toEqual(['all by default', 'root by staff'])
      await operator.reconcilePolicy(name)
      expect(await driftOf(operator)).toEqual({ policy: 1 })
      expect(await operator.policyCondition(name, 'Synced')).toBe('False/Evaluating')
      await work(operator)
      await operator.reconcilePolicy(name)
      expect(await held(operator)).toEqual(declared)
      expect(await operator.policyCondition(name, 'Ready')).toBe('True/Enforced')
      expect(await operator.policyCondition(name, 'Synced')).toBe('True/Evaluated')
      operator.writes.count = 0
      await operator.reconcilePolicy(name)
      expect(operator.writes.count).toBe(0)
      expect(await driftOf(operator)).toEqual({ policy: 1 })
    })

    test('that change with the policy are no drift', async () => {
      await using operator = await anEvaluated()
      await operator.apply(aPolicy(name, { default: 'nothing' }))
      await operator.reconcilePolicy(name)
      await work(operator)
      expect(await held(operator)).toEqual(['laptop by staff', 'nothing by default'])
      expect(await driftOf(operator)).toEqual({})
    })

    test.for(['policy', 'policy_state'])('that somebody deletes are written again: %s', async (table) => {
      await using operator = await anEvaluated()
      await operator.directory.pool.query(`delete from ${table}`)
      await operator.directory.pool.query(`update assignment set value = 'root'`)
      await operator.reconcilePolicy(name)
      await work(operator)
      await operator.reconcilePolicy(name)
      expect(await held(operator)).toEqual(declared)
      expect(await operator.policyCondition(name, 'Synced')).toBe('True/Evaluated')
      expect((await policy(operator)).status.users).toBe(2)
    })
  })

  test('a group that does not exist yet is reported', async () => {
    await using operator = await aWorld()
    await operator.reconcilePolicy(name)
    await work(operator)
    await operator.reconcilePolicy(name)
    expect(await operator.policyCondition(name, 'Degraded')).toBe('True/GroupNotFound')
  })

  test('a change that cannot be read says which field and why, and the rules before it stay in force', async () => {
    await using operator = await aWorld()
    await operator.reconcilePolicy(name)
    const rules = [{ name: 'odd', match: { where: 'shoeSize gt 44' }, assign: ['v'] }]
    await operator.apply(aPolicy(name, { rules }))
    await operator.reconcilePolicy(name)
    expect(await operator.policyCondition(name, 'Ready')).toBe('False/InvalidSpec')
    const { conditions } = (await policy(operator)).status
    expect(conditions?.find(({ type }) => type === 'Ready')?.message).toContain('spec.rules[0].match.where')
    const [row] = await policiesOf(operator.directory, await tenantOf(operator))
    expect(row?.rules.map(({ name }) => name)).toEqual(['staff'])
  })

  describe('the integration of a policy', () => {
    test('may come later', async () => {
      await using operator = await open()
      await operator.apply(aPolicy(name))
      await operator.reconcilePolicy(name)
      expect(await operator.policyCondition(name, 'Ready')).toBe('False/IntegrationNotFound')
      await operator.apply(anIntegration('okta'))
      await operator.reconcilePolicy(name)
      expect(await operator.policyCondition(name, 'Ready')).toBe('False/IntegrationNotReady')
      expect((await policy(operator)).metadata.finalizers).toBeUndefined()
      await operator.reconcile('okta')
      await operator.reconcilePolicy(name)
      await work(operator)
      await operator.reconcilePolicy(name)
      expect(await operator.policyCondition(name, 'Ready')).toBe('True/Enforced')
    })

    test('says whether all its policies are synced', async () => {
      await using operator = await aWorld()
      await operator.reconcilePolicy(name)
      await operator.reconcile('okta')
      expect(await operator.condition('okta', 'AssignmentsSynced')).toBe('False/Evaluating')
      await work(operator)
      await operator.reconcilePolicy(name)
      await operator.reconcile('okta')
      expect(await operator.condition('okta', 'AssignmentsSynced')).toBe('True/Synced')
    })
  })

  describe('a deleted policy', () => {
    test('takes its rows and assignments with it', async () => {
      await using operator = await aWorld({ default: 'none' })
      await fill(operator)
      await operator.reconcilePolicy(name)
      await work(operator)
      expect(await assignments(operator)).toBe(2)
      await operator.delete(scimAssignmentPolicy, name)
      await operator.reconcilePolicy(name)
      expect(await operator.object(scimAssignmentPolicy, name)).toBeUndefined()
      expect(await policiesOf(operator.directory, await tenantOf(operator))).toEqual([])
      expect(await assignments(operator)).toBe(0)
    })

    test('goes also when its integration went before', async () => {
      await using operator = await aWorld()
      await operator.reconcilePolicy(name)
      const tenantId = await tenantOf(operator)
      await operator.delete(scimIntegration, 'okta')
      await operator.reconcile('okta')
      await operator.delete(scimAssignmentPolicy, name)
      await operator.reconcilePolicy(name)
      expect(await operator.object(scimAssignmentPolicy, name)).toBeUndefined()
      expect(await policiesOf(operator.directory, tenantId)).toEqual([])
    })
  })
}
