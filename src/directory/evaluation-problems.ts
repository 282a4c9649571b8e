/** What is wrong with the groups that a policy names, in words for its status. */

import { type CompiledPolicy, selectorsOfRule } from '#assignment/compile.ts'
import { describeSelector, pinOf, type Selector, selectorKey, selectorValue } from '#assignment/selector.ts'
import type { PinnedGroup, SettledPins } from './pins.ts'

export type ProblemReason = 'GroupMissing' | 'GroupRenamed' | 'GroupNotFound'

/** One selector of one rule that does not mean what it says. */
export interface PolicyProblem {
  readonly reason: ProblemReason
  readonly rule: string
  /** As people read it: `group "Contractors"`. */
  readonly selector: string
  readonly message: string
}

/** The problems of a policy in the order of its rules, each selector of a rule once. */
export function problemsOf(policy: CompiledPolicy, settled: SettledPins): readonly PolicyProblem[] {
  return policy.rules.flatMap((rule) => {
    const selectors = new Map(selectorsOfRule(rule).map((selector) => [selectorKey(selector), selector]))
    return [...selectors.values()].flatMap((selector) => problemOf(rule.name, selector, settled) ?? [])
  })
}

/** Whether a group was deleted that the policy could still use when these problems were found. */
export function hasNewlyMissing(before: readonly PolicyProblem[], after: readonly PolicyProblem[]): boolean {
  const known = new Set(before.filter(isMissing).map(({ message }) => message))
  return after.some((problem) => isMissing(problem) && !known.has(problem.message))
}

const isMissing = ({ reason }: PolicyProblem): boolean => reason === 'GroupMissing'

function problemOf(rule: string, selector: Selector, settled: SettledPins): PolicyProblem | undefined {
  const name = describeSelector(selector)
  const problem = (reason: ProblemReason, text: string): PolicyProblem => ({
    reason,
    rule,
    selector: name,
    message: `Rule ${JSON.stringify(rule)}: ${text}`,
  })
  switch (pinOf(settled.pins, selector).kind) {
    case 'unknown':
      return problem('GroupNotFound', `there is no ${name} so far`)
    case 'deleted':
      return problem('GroupMissing', `${name} was deleted; the rule matches nobody until the policy changes`)
    case 'group': {
      const group = settled.groups.get(selectorKey(selector))
      if (group === undefined || isStillCalled(selector, group)) return undefined
      return problem(
        'GroupRenamed',
        `${name} is now ${currentName(selector, group)}; the rule still means that group`,
      )
    }
  }
}

function isStillCalled(selector: Selector, group: PinnedGroup): boolean {
  switch (selector.kind) {
    case 'displayName':
      return group.uniqueKey === selectorValue(selector)
    case 'externalId':
      return group.externalId === selector.value
    case 'id':
      return true
  }
}

function currentName(selector: Selector, group: PinnedGroup): string {
  if (selector.kind === 'displayName') return `called ${JSON.stringify(group.displayName)}`
  return group.externalId === null
    ? 'without an externalId'
    : `known by externalId ${JSON.stringify(group.externalId)}`
}
