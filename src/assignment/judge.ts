/** Whether one rule matches one user, and the reason in plain words. */

import type { Filter } from '#scim/filter/ast.ts'
import { type FilterSubject, matches } from '#scim/filter/matches.ts'
import { printFilter } from '#scim/filter/print.ts'
import { type CompiledRule, selectorsOfRule } from './compile.ts'
import { describeSelector, type Pins, pinOf, type Selector } from './selector.ts'

/** What rules may know of a user. */
export interface UserFacts {
  readonly id: string
  /** `active` of the user; a user without it is active. */
  readonly active: boolean
  /** Ids of the groups that the user is a direct member of. */
  readonly groups: ReadonlySet<string>
  readonly subject: FilterSubject
}

export interface Judgement {
  readonly matched: boolean
  readonly because: string
}

type Test = (rule: CompiledRule, user: UserFacts, pins: Pins) => Judgement | undefined

/** In the order in which reasons are given; the first that fails speaks. A test without a say returns undefined. */
const tests: readonly Test[] = [groupsExist, isInAnyGroup, isInAllGroups, isInNoGroup, fulfilsWhere]

/**
 * A rule that names a deleted group matches nobody until the policy changes: what it was meant to say is lost. A
 * group that is not known yet has no members; whether somebody is outside of it cannot be told, so `noGroup` fails.
 */
export function judge(rule: CompiledRule, user: UserFacts, pins: Pins): Judgement {
  const reasons: string[] = []
  for (const test of tests) {
    const judgement = test(rule, user, pins)
    if (judgement === undefined) continue
    if (!judgement.matched) return judgement
    reasons.push(judgement.because)
  }
  return matched(`The user ${reasons.join(' and ')}.`)
}

function groupsExist(rule: CompiledRule, _user: UserFacts, pins: Pins): Judgement | undefined {
  const deleted = selectorsOfRule(rule).find((selector) => pinOf(pins, selector).kind === 'deleted')
  if (deleted === undefined) return undefined
  return failed(
    `The ${describeSelector(deleted)} was deleted; the rule matches nobody until the policy changes.`,
  )
}

function isInAnyGroup({ anyGroup }: CompiledRule, user: UserFacts, pins: Pins): Judgement | undefined {
  if (anyGroup.length === 0) return undefined
  const found = anyGroup.find((selector) => isMember(user, pins, selector))
  if (found !== undefined) return matched(`is in ${describeSelector(found)}`)
  return failed(`The user is in none of: ${anyGroup.map(describeSelector).join(', ')}.`)
}

function isInAllGroups({ allGroups }: CompiledRule, user: UserFacts, pins: Pins): Judgement | undefined {
  if (allGroups.length === 0) return undefined
  const missing = allGroups.find((selector) => !isMember(user, pins, selector))
  if (missing === undefined) return matched(`is in ${allGroups.map(describeSelector).join(' and ')}`)
  return failed(`The user is not in ${describeSelector(missing)}.`)
}

function isInNoGroup({ noGroup }: CompiledRule, user: UserFacts, pins: Pins): Judgement | undefined {
  if (noGroup.length === 0) return undefined
  const unknown = noGroup.find((selector) => pinOf(pins, selector).kind === 'unknown')
  if (unknown !== undefined) {
    return failed(
      `There is no ${describeSelector(unknown)} so far, so nobody can be known to be outside of it.`,
    )
  }
  const found = noGroup.find((selector) => isMember(user, pins, selector))
  if (found !== undefined)
    return failed(`The user is in ${describeSelector(found)}, which the rule excludes.`)
  return matched(`is not in ${noGroup.map(describeSelector).join(' nor in ')}`)
}

function fulfilsWhere({ where }: CompiledRule, user: UserFacts): Judgement | undefined {
  if (where === undefined) return undefined
  const unfulfilled = conjuncts(where).find((part) => !matches(part, user.subject))
  if (unfulfilled === undefined) return matched(`fulfils ${printFilter(where)}`)
  return failed(`The user does not fulfil ${printFilter(unfulfilled)}.`)
}

/** The parts that must all hold, so that the reason names the one that does not. */
function conjuncts(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.filters.flatMap(conjuncts) : [filter]
}

function isMember(user: UserFacts, pins: Pins, selector: Selector): boolean {
  const pin = pinOf(pins, selector)
  return pin.kind === 'group' && user.groups.has(pin.id)
}

const matched = (because: string): Judgement => ({ matched: true, because })
const failed = (because: string): Judgement => ({ matched: false, because })
