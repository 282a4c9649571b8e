/** Conditions: what is true of an object, and since when. The transition time moves only when the status does. */

import type { Condition } from './api/common.ts'

/** What a reconcile found; times and generation are added by `setConditions`. */
export interface ConditionFact {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** CamelCase constant that an operator can search for. */
  readonly reason: string
  readonly message: string
}

/** Kubernetes allows 32,768 characters; nobody reads that many. */
const longestMessage = 2048

/**
 * The conditions to write: exactly the given facts, in their order, each with the generation it speaks for and the
 * time of its last change of status (Kubernetes API conventions, "Typical status properties").
 */
export function setConditions(
  previous: readonly Condition[],
  facts: readonly ConditionFact[],
  at: { readonly generation: number; readonly now: Date },
): Condition[] {
  return facts.map((fact) => {
    const before = previous.find(({ type }) => type === fact.type)
    return {
      ...fact,
      message: shortened(fact.message),
      observedGeneration: at.generation,
      lastTransitionTime: before?.status === fact.status ? before.lastTransitionTime : wholeSeconds(at.now),
    }
  })
}

function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`
}

/** RFC 3339 to the second, as metav1.Time is written: with a fraction the API server would store another text. */
export function wholeSeconds(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`
}
