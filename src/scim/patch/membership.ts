/** Operations on the membership attribute as steps that never need the list of members (hard spots 1, 4-6, 12, 26). */

import { ScimError } from '#scim/errors.ts'
import type { Filter } from '#scim/filter/ast.ts'
import { isList, propertyOf } from '#scim/json.ts'
import type { Json } from '#scim/json.ts'
import type { MembershipStep } from '#scim/resource.ts'
import { printTarget } from './operation.ts'
import type { PatchOperation } from './operation.ts'

type Change = Exclude<PatchOperation, { op: 'identify' }>

/** What one operation does to the members. */
export function membershipStep(operation: Change): MembershipStep {
  const { filter } = operation.target
  if (filter !== undefined) return filteredStep(operation, filter)
  if (operation.op === 'remove') {
    return operation.listed === undefined
      ? { kind: 'replace', values: [] }
      : { kind: 'remove', values: memberValues(operation.listed) }
  }
  return { kind: operation.op, values: memberValues(operation.value) }
}

function filteredStep(operation: Change, filter: Filter): MembershipStep {
  const values = namedValues(filter)
  if (operation.op === 'remove') {
    return values === undefined ? { kind: 'removeMatching', filter } : { kind: 'remove', values }
  }
  const path = printTarget(operation.target)
  if (operation.op === 'add' && values !== undefined) return { kind: 'add', values }
  throw new ScimError(400, `${path} cannot be changed; members are added and removed.`, {
    scimType: 'mutability',
    path,
  })
}

/** The ids that `value eq "a" or value eq "b"` names; undefined for any other filter. */
function namedValues(filter: Filter): readonly string[] | undefined {
  if (filter.kind === 'or') {
    const parts = filter.filters.map(namedValues)
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  const isValue =
    filter.kind === 'comparison' && filter.operator === 'eq' && filter.target.attribute.name === 'value'
  return isValue && typeof filter.value === 'string' ? [filter.value] : undefined
}

/** One member without a value does not fail the others (hard spot 13). Repeats go when steps are merged. */
function memberValues(json: Json | readonly Json[]): readonly string[] {
  const values = (isList(json) ? json : []).map((element) => propertyOf(element, 'value'))
  return values.filter((value) => typeof value === 'string')
}

/** The same steps in fewer: neighbours of a kind become one, and a replace makes those before it void. */
export function mergedSteps(steps: readonly MembershipStep[]): readonly MembershipStep[] {
  const gathered: Gathered[] = []
  for (const step of steps) {
    if (step.kind === 'replace') gathered.length = 0
    const last = gathered.at(-1)
    if (step.kind === 'removeMatching') gathered.push(step)
    else if (last === undefined || !canTake(last, step.kind)) {
      gathered.push({ kind: step.kind, values: new Set(step.values) })
    } else take(last, step)
  }
  return gathered.map((step) =>
    step.kind === 'removeMatching' ? step : { kind: step.kind, values: [...step.values] },
  )
}

type ValueKind = Exclude<MembershipStep['kind'], 'removeMatching'>

/** A step that still grows; a set, so that a thousand operations cost no more than their values. */
interface GatheredValues {
  readonly kind: ValueKind
  readonly values: Set<string>
}

type Gathered = GatheredValues | Extract<MembershipStep, { kind: 'removeMatching' }>

function canTake(last: Gathered, kind: ValueKind): last is GatheredValues {
  return last.kind === kind || last.kind === 'replace'
}

function take(
  last: GatheredValues,
  step: { readonly kind: ValueKind; readonly values: readonly string[] },
): void {
  const isRemovalFromAll = last.kind === 'replace' && step.kind === 'remove'
  for (const value of step.values) {
    if (isRemovalFromAll) last.values.delete(value)
    else last.values.add(value)
  }
}
