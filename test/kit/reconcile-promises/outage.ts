/** What is promised while Postgres is away, on whatever adapter. */
import { expect, test } from 'vitest'

import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { aPolicy, anIntegration } from '#test/kit/manifests.ts'

import type { OpenQuiet } from '#test/kit/operator.ts'

const name = 'okta'

/** Declares the tests. */
export function outagePromises(open: OpenQuiet): void {
  test('while Postgres is away the status says so, and everything that was true stays', async () => {
    await using operator = await open()
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    await operator.reconcile(name)
    await operator.proxy.stop()
    await expect(operator.reconcile(name)).rejects.toThrow(DatabaseUnavailableError)
    expect(await operator.condition(name, 'Degraded')).toBe('True/DatabaseUnavailable')
    expect(await operator.condition(name, 'Progressing')).toBe('True/Retrying')
    expect(await operator.condition(name, 'Ready')).toBe('True/Available')
    await operator.proxy.start()
    await operator.reconcile(name)
    expect(await operator.condition(name, 'Degraded')).toBe('False/AsExpected')
  })

  test('an integration made while Postgres is away is provisioned when it is back', async () => {
    await using operator = await open()
    await operator.proxy.stop()
    await operator.apply(anIntegration(name))
    await expect(operator.reconcile(name)).rejects.toThrow(DatabaseUnavailableError)
    expect(await operator.condition(name, 'Ready')).toBe('Unknown/Provisioning')
    expect(await operator.condition(name, 'Degraded')).toBe('True/DatabaseUnavailable')
    await operator.proxy.start()
    await operator.reconcile(name)
    await operator.reconcile(name)
    expect(await operator.condition(name, 'Ready')).toBe('True/Available')
  })

  test('a deletion while Postgres is away keeps its finalizer, and resumes alone', async () => {
    await using operator = await open()
    await operator.apply(anIntegration(name, { deletionPolicy: 'Delete' }))
    await operator.reconcile(name)
    await operator.proxy.stop()
    await operator.delete(scimIntegration, name)
    await expect(operator.reconcile(name)).rejects.toThrow(DatabaseUnavailableError)
    expect((await operator.integration(name)).metadata.finalizers).toEqual(['scim-operator.io/tenant'])
    expect(await operator.condition(name, 'Degraded')).toBe('True/DatabaseUnavailable')
    await operator.proxy.start()
    await operator.reconcile(name)
    expect(await operator.object(scimIntegration, name)).toBeUndefined()
  })

  test('a policy says that Postgres is away, and is enforced when it is back', async () => {
    await using operator = await open()
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    await operator.apply(aPolicy('laptops'))
    await operator.proxy.stop()
    await expect(operator.reconcilePolicy('laptops')).rejects.toThrow(DatabaseUnavailableError)
    expect(await operator.policyCondition('laptops', 'Degraded')).toBe('True/DatabaseUnavailable')
    await operator.proxy.start()
    await operator.reconcilePolicy('laptops')
    expect(await operator.policyCondition('laptops', 'Degraded')).toBe('False/AsExpected')
    expect((await operator.object(scimAssignmentPolicy, 'laptops'))?.metadata.finalizers).toHaveLength(1)
  })

  test('the deletion of a policy while Postgres is away keeps its finalizer, and resumes alone', async () => {
    await using operator = await open()
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    await operator.apply(aPolicy('laptops'))
    await operator.reconcilePolicy('laptops')
    await operator.proxy.stop()
    await operator.delete(scimAssignmentPolicy, 'laptops')
    await expect(operator.reconcilePolicy('laptops')).rejects.toThrow(DatabaseUnavailableError)
    expect(await operator.policyCondition('laptops', 'Degraded')).toBe('True/DatabaseUnavailable')
    expect((await operator.object(scimAssignmentPolicy, 'laptops'))?.metadata.finalizers).toHaveLength(1)
    await operator.proxy.start()
    await operator.reconcilePolicy('laptops')
    expect(await operator.object(scimAssignmentPolicy, 'laptops')).toBeUndefined()
    expect((await operator.directory.pool.query('select from policy')).rows).toEqual([])
  })
}
