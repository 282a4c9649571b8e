/**
 * The reconcile of a ScimAssignmentPolicy: its rows are written as a whole, the worker evaluates them, and what the
 * worker has found comes back into the status.
 */
import { policyState, putPolicy, removePolicy } from '#directory/policies.ts'
import { tenantForOwner } from '#directory/tenants.ts'
import { DatabaseUnavailableError } from '#directory/unavailable.ts'
import { ScimAssignmentPolicyObject, scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { TerminalError } from '#operator/controller.ts'
import { isRefusal } from '#operator/kube.ts'
import { parseKey, textAt } from '#operator/object-key.ts'
import { writeStatus } from '#operator/status-writer.ts'
import { fieldManager, policyFinalizer } from '#operator/tenant/names.ts'

import { policyRecord, readSpec } from './record.ts'
import { policyStatus, refusedStatus } from './report.ts'

import type { Owner } from '#directory/owner.ts'
import type { TenantRecord } from '#directory/tenants.ts'
import type { Metadata } from '#operator/api/common.ts'
import type { ScimAssignmentPolicyStatus } from '#operator/api/scim-assignment-policy.ts'
import type { Reconcile, ReconcileResult } from '#operator/controller.ts'
import type { Kube, KubeObject } from '#operator/kube.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { ReadSpec } from './record.ts'
import type { Refusal } from './report.ts'

export interface PolicyContext {
  readonly kube: Kube
  readonly owner: Owner
  readonly metrics: Metrics
  readonly now: () => Date
  /** How often everything is looked at again though nothing happened. */
  readonly resyncSeconds: number
}

interface Call {
  readonly context: PolicyContext
  readonly object: KubeObject
  readonly metadata: Metadata
  readonly before: ScimAssignmentPolicyStatus
  readonly signal: AbortSignal
}

export function policyReconciler(context: PolicyContext): Reconcile {
  return async (key, { signal }) => {
    const object = await context.kube.get(scimAssignmentPolicy, parseKey(key), { signal })
    if (object === undefined) return {}
    const envelope = ScimAssignmentPolicyObject.safeParse(object)
    if (!envelope.success)
      throw new TerminalError(`${key} is no ScimAssignmentPolicy`, { cause: envelope.error })
    const { metadata, status: before } = envelope.data
    const call: Call = { context, object, metadata, before, signal }
    try {
      if (metadata.deletionTimestamp !== undefined) return await release(call)
      return await enforce(call, readSpec(object['spec']))
    } catch (error) {
      if (error instanceof DatabaseUnavailableError)
        await refuse(call, 'DatabaseUnavailable', 'The database does not answer.')
      if (isRefusal(error))
        await refuse(call, 'RequestRefused', `The API refuses a request: ${error.message}`)
      throw error
    }
  }
}

/** An invalid change leaves the rows as they are: what was enforced stays so. */
async function enforce(call: Call, read: ReadSpec): Promise<ReconcileResult> {
  const { context, object, metadata, before, signal } = call
  if (read.kind === 'invalid') return refuse(call, 'InvalidSpec', read.message)
  const { name } = read.spec.integrationRef
  const integration = await context.kube.get(
    scimIntegration,
    { namespace: metadata.namespace, name },
    { signal },
  )
  if (integration === undefined) {
    return refuse(call, 'IntegrationNotFound', `There is no ScimIntegration ${name} in this namespace.`)
  }
  const tenant = await tenantOf(context.owner, integration)
  if (tenant === undefined || tenant.deleted !== null) {
    return refuse(call, 'IntegrationNotReady', `ScimIntegration ${name} has no tenant yet.`)
  }
  await hold(call)
  const put = await putPolicy(context.owner, tenant.id, policyRecord(metadata, read.spec, context.now()))
  if (put === 'corrected') context.metrics.driftCorrections.inc({ kind: 'policy' })
  const state = await policyState(context.owner.directory, tenant.id, metadata.uid)
  if (state === undefined) throw new Error('The policy went while it was being read')
  const after = policyStatus({ metadata, before, now: context.now() }, state)
  await writeStatus(context.kube, { object, before, after }, { fieldManager, signal })
  return again(call)
}

async function refuse(call: Call, reason: Refusal, message: string): Promise<ReconcileResult> {
  const { context, object, metadata, before, signal } = call
  const after = refusedStatus({ metadata, before, now: context.now() }, reason, message)
  await writeStatus(context.kube, { object, before, after }, { fieldManager, signal })
  return again(call)
}

/** Changes of the policy, its integration and its state come by themselves; this is for those that were missed. */
function again({ context }: Call): ReconcileResult {
  return { requeueAfterMs: context.resyncSeconds * 1000 * (0.9 + 0.2 * Math.random()) }
}

function tenantOf(owner: Owner, integration: KubeObject): Promise<TenantRecord | undefined> {
  return tenantForOwner(owner.directory, { uid: integration.metadata.uid ?? '' })
}

/** The finalizer stands before the first row does. */
async function hold({ context, object, metadata, signal }: Call): Promise<void> {
  const { finalizers = [] } = metadata
  if (finalizers.includes(policyFinalizer)) return
  await context.kube.setFinalizers(object, scimAssignmentPolicy, [...finalizers, policyFinalizer], { signal })
}

/** Rows and assignments go first, then the object may. The integration may be gone; its tenant keeps its name. */
async function release({ context, object, metadata, signal }: Call): Promise<ReconcileResult> {
  const { kube, owner } = context
  const { finalizers = [], namespace, uid } = metadata
  if (!finalizers.includes(policyFinalizer)) return {}
  const name = textAt(object['spec'], 'integrationRef', 'name') ?? ''
  const integration = await kube.get(scimIntegration, { namespace, name }, { signal })
  const tenants = [
    integration === undefined ? undefined : await tenantOf(owner, integration),
    await tenantForOwner(owner.directory, { namespace, name }),
  ]
  for (const tenant of tenants) if (tenant !== undefined) await removePolicy(owner, tenant.id, uid)
  const others = finalizers.filter((finalizer) => finalizer !== policyFinalizer)
  await kube.setFinalizers(object, scimAssignmentPolicy, others, { signal })
  return {}
}
