/** The worker's part of a test, without its process: a policy written, and everything evaluated that waits. */

import { randomUUID } from 'node:crypto'

import { openDirectory } from '#directory/database.ts'
import { evaluatePending, hasWork, recomputeNext } from '#directory/evaluation.ts'
import type { Owner } from '#directory/owner.ts'
import { putPolicy } from '#directory/policies.ts'
import type { PolicyRecord } from '#directory/policies.ts'
import type { TenantId } from '#directory/tenant-scope.ts'

/** Writes a policy of a name; the changes win. */
export const aPolicy = async (
  owner: Owner,
  tenantId: TenantId,
  policy: Pick<PolicyRecord, 'name' | 'cardinality' | 'rules'> & Partial<PolicyRecord>,
): Promise<void> => {
  const { cardinality, rules, defaultValue = null } = policy
  await putPolicy(owner, tenantId, {
    id: randomUUID(),
    namespace: 'test',
    generation: 1,
    specHash: 'test',
    spec: { cardinality, rules, ...(defaultValue === null ? {} : { default: defaultValue }) },
    created: new Date(),
    defaultValue,
    ...policy,
  })
}

/** Works until nothing of the tenant waits any more. */
export const evaluateAll = async (workerUrl: string, tenantId: TenantId): Promise<void> => {
  await using directory = await openDirectory({ url: workerUrl, applicationName: 'test-worker' })
  while (await hasWork(directory, tenantId)) {
    await evaluatePending(directory, tenantId, { limit: 1000 })
    await recomputeNext(directory, tenantId, { limit: 1000 })
  }
}
