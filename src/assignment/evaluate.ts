/** Rules and the facts of one user: what the user gets, by which rule, and why each rule matched or did not. */

import type { CompiledPolicy, CompiledRule } from './compile.ts'
import { type Judgement, judge, type UserFacts } from './judge.ts'
import type { Pins } from './selector.ts'

export interface Assignment {
  readonly value: string
  /** The rule that gave the value; null when the policy's default did. */
  readonly rule: string | null
}

export interface RuleExplanation extends Judgement {
  readonly rule: string
  /** Whether the values of the rule count: it matched, the user is active and, under One, no earlier rule matched. */
  readonly applied: boolean
}

export interface Evaluation {
  readonly assignments: readonly Assignment[]
  /** One sentence about the whole. */
  readonly because: string
  /** In the order of the policy. */
  readonly rules: readonly RuleExplanation[]
}

/**
 * One: the first rule that matches decides with all its values, and the default when none does. Many: the values of
 * every rule that matches, each with the first rule that gives it. Inactive users hold nothing.
 */
export function evaluate(policy: CompiledPolicy, user: UserFacts, pins: Pins): Evaluation {
  const judged = policy.rules.map((rule) => ({ rule, judgement: judge(rule, user, pins) }))
  const matching = judged.filter(({ judgement }) => judgement.matched).map(({ rule }) => rule)
  const deciding = policy.cardinality === 'One' ? matching.slice(0, 1) : matching
  const applied = new Set(user.active ? deciding : [])
  return {
    ...outcome(policy, user, [...applied]),
    rules: judged.map(({ rule, judgement }) => ({
      rule: rule.name,
      matched: judgement.matched,
      because: judgement.because,
      applied: applied.has(rule),
    })),
  }
}

function outcome(
  policy: CompiledPolicy,
  user: UserFacts,
  applied: readonly CompiledRule[],
): Pick<Evaluation, 'assignments' | 'because'> {
  if (!user.active) return { assignments: [], because: 'Inactive users hold no assignments.' }
  if (applied.length > 0) {
    const names = applied.map((rule) => JSON.stringify(rule.name)).join(', ')
    const because =
      policy.cardinality === 'One'
        ? `Rule ${names} is the first that matches.`
        : `These rules match: ${names}.`
    return { assignments: valuesOf(applied), because }
  }
  if (policy.default === undefined) return { assignments: [], because: 'No rule matches.' }
  return {
    assignments: [{ value: policy.default, rule: null }],
    because: 'No rule matches, so the default applies.',
  }
}

function valuesOf(rules: readonly CompiledRule[]): readonly Assignment[] {
  const ruleByValue = new Map<string, string>()
  for (const { name, assign } of rules) {
    for (const value of assign) if (!ruleByValue.has(value)) ruleByValue.set(value, name)
  }
  return [...ruleByValue].map(([value, rule]) => ({ value, rule }))
}
