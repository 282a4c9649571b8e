/** What changes when one set of assignments takes the place of another. */

import type { Assignment } from './evaluate.ts'

/** An assignment of somebody: what a policy's materialised rows hold. */
export interface HeldAssignment extends Assignment {
  readonly userId: string
}

export interface Comparison {
  /** User and value are new. */
  readonly granted: readonly HeldAssignment[]
  /** User and value are gone. */
  readonly revoked: readonly HeldAssignment[]
  /** The user keeps the value, perhaps by another rule; as it is afterwards. */
  readonly kept: readonly HeldAssignment[]
}

/** Compares two sets of assignments of one policy, each with at most one entry per user and value. */
export function compare(before: readonly HeldAssignment[], after: readonly HeldAssignment[]): Comparison {
  const held = new Set(before.map(keyOf))
  const wanted = new Set(after.map(keyOf))
  return {
    granted: after.filter((assignment) => !held.has(keyOf(assignment))),
    revoked: before.filter((assignment) => !wanted.has(keyOf(assignment))),
    kept: after.filter((assignment) => held.has(keyOf(assignment))),
  }
}

function keyOf({ userId, value }: HeldAssignment): string {
  return JSON.stringify([userId, value])
}
