/** What the worker knows of a policy, as the status of the object. Pure. */
import * as z from 'zod'

import { maxStatusValues } from '#operator/api/scim-assignment-policy.ts'
import { setConditions } from '#operator/conditions.ts'

import type { PolicyState } from '#directory/policies.ts'
import type { Metadata } from '#operator/api/common.ts'
import type { ScimAssignmentPolicyStatus } from '#operator/api/scim-assignment-policy.ts'
import type { ConditionFact } from '#operator/conditions.ts'

export interface PolicyFacts {
  readonly metadata: Metadata
  readonly before: ScimAssignmentPolicyStatus
  readonly now: Date
}

const Problem = z.object({
  reason: z.enum(['GroupMissing', 'GroupRenamed', 'GroupNotFound']),
  message: z.string(),
})

const Progress = z.object({ evaluated: z.int(), total: z.int() })

/** The worst first: it gives the condition its reason. */
const problemOrder = ['GroupMissing', 'GroupRenamed', 'GroupNotFound'] as const
const mostMessages = 8

/** The status of a policy whose rows are in the directory. */
export function policyStatus(
  { metadata, before, now }: PolicyFacts,
  state: PolicyState,
): ScimAssignmentPolicyStatus {
  const values = Object.entries(state.counts)
    .map(([value, users]) => ({ value, users }))
    .toSorted((a, b) => b.users - a.users || (a.value < b.value ? -1 : 1))
  const facts = [readyBy(state, metadata), syncedBy(state, metadata), degradedBy(state)]
  return {
    observedGeneration: metadata.generation,
    conditions: setConditions(before.conditions ?? [], facts, { generation: metadata.generation, now }),
    users: state.users,
    values: values.slice(0, maxStatusValues),
    evaluatedGeneration: state.generation,
  }
}

export type Refusal = 'InvalidSpec' | 'IntegrationNotFound' | 'IntegrationNotReady' | Trouble

/** What goes by without a change of the policy; what was in force meanwhile stays so. */
type Trouble = 'DatabaseUnavailable' | 'RequestRefused'

/** The status when nothing could be done: what was known of the outcome stays. */
export function refusedStatus(
  { metadata, before, now }: PolicyFacts,
  reason: Refusal,
  message: string,
): ScimAssignmentPolicyStatus {
  const remembered = (type: string): ConditionFact => {
    const known = before.conditions?.find((condition) => condition.type === type)
    if (known === undefined) return { type, status: 'Unknown', reason, message }
    return { type, status: known.status, reason: known.reason, message: known.message }
  }
  const isTrouble = reason === 'DatabaseUnavailable' || reason === 'RequestRefused'
  const facts: ConditionFact[] = [
    isTrouble ? remembered('Ready') : { type: 'Ready', status: 'False', reason, message },
    isTrouble ? remembered('Synced') : { type: 'Synced', status: 'False', reason, message },
    isTrouble ? { type: 'Degraded', status: 'True', reason, message } : remembered('Degraded'),
  ]
  return {
    ...before,
    observedGeneration: metadata.generation,
    conditions: setConditions(before.conditions ?? [], facts, { generation: metadata.generation, now }),
  }
}

function readyBy({ generation }: PolicyState, metadata: Metadata): ConditionFact {
  if (generation === 0) {
    return {
      type: 'Ready',
      status: 'False',
      reason: 'Evaluating',
      message: 'The first evaluation is under way.',
    }
  }
  const message =
    generation === metadata.generation
      ? 'The rules are in force.'
      : `Generation ${generation} of the rules is in force until the change is evaluated.`
  return { type: 'Ready', status: 'True', reason: 'Enforced', message }
}

function syncedBy({ generation, progress }: PolicyState, metadata: Metadata): ConditionFact {
  if (generation === metadata.generation && progress === null) {
    return { type: 'Synced', status: 'True', reason: 'Evaluated', message: 'Every user has been evaluated.' }
  }
  const parsed = Progress.safeParse(progress)
  const message = parsed.success
    ? `${parsed.data.evaluated} of ${parsed.data.total} users have been evaluated.`
    : 'The evaluation has not begun yet.'
  return { type: 'Synced', status: 'False', reason: 'Evaluating', message }
}

function degradedBy({ problems }: PolicyState): ConditionFact {
  const known = problems.flatMap((problem) => {
    const parsed = Problem.safeParse(problem)
    return parsed.success ? [parsed.data] : []
  })
  const reason = problemOrder.find((reason) => known.some((problem) => problem.reason === reason))
  if (reason === undefined) return { type: 'Degraded', status: 'False', reason: 'AsExpected', message: '' }
  const messages = [...new Set(known.toSorted(byGravity).map(({ message }) => message))]
  const more = messages.length > mostMessages ? `; and ${messages.length - mostMessages} more` : ''
  return {
    type: 'Degraded',
    status: 'True',
    reason,
    message: messages.slice(0, mostMessages).join('; ') + more,
  }
}

function byGravity(a: z.output<typeof Problem>, b: z.output<typeof Problem>): number {
  return problemOrder.indexOf(a.reason) - problemOrder.indexOf(b.reason)
}
