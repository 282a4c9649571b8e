/** Pushed member values on their way into a statement: netted by value, told apart into ids and other texts. */

import type { MembershipStep } from '#scim/resource.ts'
import type { MemberParts } from './member-sql.ts'
import type { NamedValues } from './prepared.ts'

/** Steps that name their values; a removal by filter is turned into one before. */
export type ValueStep = Exclude<MembershipStep, { readonly kind: 'removeMatching' }>

/** What a sequence of steps comes to: for each value its last step, and whether all others go. */
export interface MemberDelta {
  readonly isReplace: boolean
  readonly adds: readonly PushedValue[]
  readonly removes: readonly PushedValue[]
}

export interface PushedValue {
  readonly value: string
  /** Order among all values of the request: two values may turn out to mean the same member. */
  readonly position: number
}

export function netOf(steps: readonly ValueStep[]): MemberDelta {
  const start = steps.findLastIndex((step) => step.kind === 'replace')
  const last = new Map<string, PushedValue & { readonly isAdded: boolean }>()
  let position = 0
  for (const { kind, values } of steps.slice(Math.max(start, 0))) {
    for (const value of values) last.set(value, { value, position: position++, isAdded: kind !== 'remove' })
  }
  const pushed = [...last.values()]
  return {
    isReplace: start >= 0,
    adds: pushed.filter(({ isAdded }) => isAdded),
    removes: pushed.filter(({ isAdded }) => !isAdded),
  }
}

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text could be the id of a resource. */
export function isId(text: string): boolean {
  return idPattern.test(text)
}

/** The values for the parameters of the membership CTEs. */
export function addValues(adds: readonly PushedValue[]): NamedValues {
  return {
    add_values: adds.map(({ value }) => value),
    add_ids: adds.map(({ value }) => (isId(value) ? value : null)),
    add_positions: adds.map(({ position }) => position),
  }
}

export function removeValues(removes: readonly PushedValue[]): NamedValues {
  return {
    remove_values: removes.map(({ value }) => value),
    remove_ids: removes.map(({ value }) => (isId(value) ? value : null)),
    remove_positions: removes.map(({ position }) => position),
  }
}

/** Which parts a statement needs for a delta. */
export function partsOf({ adds, removes, isReplace }: MemberDelta): MemberParts {
  // A replacement by nobody still says what stays.
  return { adds: adds.length > 0 || isReplace, removes: removes.length > 0, isReplace }
}

export function memberValues(delta: MemberDelta): NamedValues {
  return { ...addValues(delta.adds), ...removeValues(delta.removes) }
}
