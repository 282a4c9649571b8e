/** The conditions of an integration that follow from others or from many facts at once. Pure. */

import * as z from 'zod'

import { Condition } from '#operator/api/common.ts'

import type { ScimIntegration } from '#operator/api/scim-integration.ts'
import type { ConditionFact } from '#operator/conditions.ts'
import type { KubeObject } from '#operator/kube.ts'

/** Every type that this operator writes, in the order in which people read them. */
export const conditionTypes = [
  'Ready',
  'Progressing',
  'Degraded',
  'TenantReady',
  'TokenReady',
  'TokenExpiring',
  'EndpointReady',
  'AssignmentsSynced',
  'Paused',
] as const

export type ConditionType = (typeof conditionTypes)[number]

export interface Fact extends ConditionFact {
  readonly type: ConditionType
}

/** All conditions: what is known now, and where nobody looked what was known before. Ready is always computed. */
export function completeFacts(integration: ScimIntegration, known: readonly Fact[]): Fact[] {
  const all = conditionTypes.map(
    (type) => known.find((fact) => fact.type === type) ?? remembered(integration, type),
  )
  return [readyOf(integration, all), ...all.slice(1)]
}

function remembered({ status }: ScimIntegration, type: ConditionType): Fact {
  const before = status.conditions?.find((condition) => condition.type === type)
  if (before === undefined)
    return { type, status: 'Unknown', reason: 'Pending', message: 'Not looked at yet.' }
  return { type, status: before.status, reason: before.reason, message: before.message }
}

const reasonOfReady: Partial<Record<ConditionType, string>> = {
  TenantReady: 'TenantFailed',
  TokenReady: 'TokenNotReady',
  EndpointReady: 'EndpointNotReady',
}

function readyOf({ spec }: ScimIntegration, facts: readonly Fact[]): Fact {
  const type = 'Ready'
  const parts = facts.filter((fact) => reasonOfReady[fact.type] !== undefined)
  const failed = parts.find(({ status }) => status === 'False')
  if (failed !== undefined) {
    const reason = failed.reason === 'TokenExpired' ? failed.reason : reasonOfReady[failed.type]
    return { type, status: 'False', reason: reason ?? failed.reason, message: failed.message }
  }
  const unknown = parts.find(({ status }) => status === 'Unknown')
  if (unknown !== undefined) {
    const isPaused = facts.some((fact) => fact.type === 'Paused' && fact.status === 'True')
    return { type, status: 'Unknown', reason: isPaused ? 'Paused' : 'Provisioning', message: unknown.message }
  }
  if (spec.state === 'Disabled') {
    return {
      type,
      status: 'False',
      reason: 'Disabled',
      message: 'spec.state is Disabled: the endpoint answers 403.',
    }
  }
  return {
    type,
    status: 'True',
    reason: 'Available',
    message: 'The identity provider can send users and groups.',
  }
}

export function pausedFact(isPaused: boolean): Fact {
  return isPaused
    ? {
        type: 'Paused',
        status: 'True',
        reason: 'Annotated',
        message: 'Nothing is changed while scim-operator.io/paused is "true".',
      }
    : { type: 'Paused', status: 'False', reason: 'NotPaused', message: '' }
}

export function progressingFact(
  reason: 'Provisioning' | 'Rotating' | 'Deleting' | 'Retrying',
  message: string,
): Fact {
  return { type: 'Progressing', status: 'True', reason, message }
}

export function idleFact(reason: 'Idle' | 'ObserveOnly', message = ''): Fact {
  return { type: 'Progressing', status: 'False', reason, message }
}

export function degradedFact(
  reason: 'DatabaseUnavailable' | 'FieldConflict' | 'HostnameConflict' | 'RequestRefused' | 'SecretInvalid',
  message: string,
): Fact {
  return { type: 'Degraded', status: 'True', reason, message }
}

export const notDegraded: Fact = { type: 'Degraded', status: 'False', reason: 'AsExpected', message: '' }

const PolicyConditions = z.object({
  status: z.object({ conditions: z.array(Condition).default([]) }).prefault({}),
})

/** True when every policy of the integration says so of itself. */
export function assignmentsSynced(policies: readonly KubeObject[]): Fact {
  const type = 'AssignmentsSynced'
  if (policies.length === 0) {
    return {
      type,
      status: 'True',
      reason: 'NoPolicies',
      message: 'No ScimAssignmentPolicy refers to this integration.',
    }
  }
  const late = policies.filter((policy) => !isSynced(policy)).map(({ metadata }) => metadata.name)
  if (late.length === 0) {
    return {
      type,
      status: 'True',
      reason: 'Synced',
      message: 'Every user has been evaluated by every policy.',
    }
  }
  return {
    type,
    status: 'False',
    reason: 'Evaluating',
    message: `Not synced yet: ${late.toSorted().join(', ')}.`,
  }
}

function isSynced(policy: KubeObject): boolean {
  const parsed = PolicyConditions.safeParse(policy)
  return (
    parsed.success &&
    parsed.data.status.conditions.some(({ type, status }) => type === 'Synced' && status === 'True')
  )
}
