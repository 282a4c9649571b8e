import { expect, test } from 'vitest'

import { takeEpoch } from '#directory/owner.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { KubeError } from '#operator/kube.ts'
import { policyReconciler } from '#operator/policy/reconcile.ts'
import { aPolicy, anIntegration } from '#test/kit/manifests.ts'
import { onFolder, quietOperator } from '#test/kit/operator.ts'
import { policyPromises } from '#test/kit/reconcile-promises/policy.ts'

policyPromises((options) => quietOperator(onFolder, options))

test('what the API refuses of a policy is told in its words, until it is allowed', async () => {
  await using operator = await quietOperator(onFolder)
  await operator.apply(anIntegration('okta'))
  await operator.reconcile('okta')
  await operator.apply(aPolicy('laptops'))
  const refusal = new KubeError(403, 'Forbidden', 'finalizers may not be set here')
  const owner = await takeEpoch(operator.directory)
  const around = { owner, metrics: operator.metrics, now: () => operator.now, resyncSeconds: 600 }
  const { signal } = new AbortController()
  const look = (kube: typeof operator.kube) =>
    policyReconciler({ ...around, kube })(`${operator.namespace}/laptops`, { signal })

  await expect(look({ ...operator.kube, setFinalizers: () => Promise.reject(refusal) })).rejects.toBe(refusal)
  expect(await operator.policyCondition('laptops', 'Degraded')).toBe('True/RequestRefused')
  const { status } = (await operator.object(scimAssignmentPolicy, 'laptops'))!
  expect(JSON.stringify(status)).toContain('The API refuses a request: finalizers may not be set here')
  await look(operator.kube)
  expect(await operator.policyCondition('laptops', 'Degraded')).toBe('False/AsExpected')
})
