/** A policy as it is evaluated: selectors as data, filters parsed once. */

import type { Filter } from '#scim/filter/ast.ts'
import type { GroupSelectorSpec, PolicySpecCore, RuleSpec } from './rule.ts'
import { type Selector, selectorKey } from './selector.ts'
import { parseWhere } from './where.ts'

export interface CompiledRule {
  readonly name: string
  readonly anyGroup: readonly Selector[]
  readonly allGroups: readonly Selector[]
  readonly noGroup: readonly Selector[]
  readonly where?: Filter
  readonly assign: readonly string[]
}

export interface CompiledPolicy {
  readonly cardinality: 'One' | 'Many'
  readonly default?: string
  readonly rules: readonly CompiledRule[]
}

/** @throws ScimError 400 invalidFilter when `where` is no filter; never for a spec that went through `RuleSpec`. */
export function compileRule({ name, match, assign }: RuleSpec): CompiledRule {
  return {
    name,
    anyGroup: (match.anyGroup ?? []).map(selectorOf),
    allGroups: (match.allGroups ?? []).map(selectorOf),
    noGroup: (match.noGroup ?? []).map(selectorOf),
    ...(match.where === undefined ? {} : { where: parseWhere(match.where) }),
    assign,
  }
}

export function compilePolicy(spec: PolicySpecCore): CompiledPolicy {
  return {
    cardinality: spec.cardinality,
    ...(spec.default === undefined ? {} : { default: spec.default }),
    rules: spec.rules.map(compileRule),
  }
}

/** Every selector of a rule, in the order in which it stands there. */
export function selectorsOfRule(rule: CompiledRule): readonly Selector[] {
  return [...rule.anyGroup, ...rule.allGroups, ...rule.noGroup]
}

/** Every selector of a policy once. */
export function selectorsOf(policy: CompiledPolicy): readonly Selector[] {
  const byKey = new Map<string, Selector>()
  for (const selector of policy.rules.flatMap(selectorsOfRule)) {
    const key = selectorKey(selector)
    if (!byKey.has(key)) byKey.set(key, selector)
  }
  return [...byKey.values()]
}

function selectorOf({ displayName, externalId, id }: GroupSelectorSpec): Selector {
  if (displayName !== undefined) return { kind: 'displayName', value: displayName }
  if (externalId !== undefined) return { kind: 'externalId', value: externalId }
  if (id !== undefined) return { kind: 'id', value: id }
  throw new Error('A group selector names no group')
}
