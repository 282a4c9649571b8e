/** Users and policies for the tests of this room, in few words. */

import { compilePolicy, type CompiledPolicy } from '#assignment/compile.ts'
import type { UserFacts } from '#assignment/judge.ts'
import { type PolicySpecCore, PolicySpecCore as schema } from '#assignment/rule.ts'
import { type Pin, type Pins, selectorKey } from '#assignment/selector.ts'
import type { JsonObject } from '#scim/json.ts'

type MatchSpec = PolicySpecCore['rules'][number]['match']

/** A policy from `name: [match, ...values]`, through the schema as the operator reads it. */
export function policyOf(
  options: { readonly cardinality: 'One' | 'Many'; readonly default?: string },
  rules: Readonly<Record<string, readonly [MatchSpec, ...string[]]>>,
): CompiledPolicy {
  const list = Object.entries(rules).map(([name, [match, ...assign]]) => ({ name, match, assign }))
  return compilePolicy(schema.parse({ ...options, rules: list }))
}

export const inGroup = (displayName: string): MatchSpec => ({ anyGroup: [{ displayName }] })

export function userOf(groups: readonly string[], data: JsonObject = {}, active = true): UserFacts {
  const at = new Date('2026-01-01T00:00:00Z')
  const subject = { id: 'u1', type: 'User', data, created: at, lastModified: at, version: 1 }
  return { id: 'u1', active, groups: new Set(groups), subject }
}

/** Groups by displayName, each pinned to an id, or else 'unknown' or 'deleted'. */
export function pinsOf(groups: Readonly<Record<string, string>>): Pins {
  return new Map(
    Object.entries(groups).map(([value, id]): [string, Pin] => [
      selectorKey({ kind: 'displayName', value }),
      id === 'unknown' || id === 'deleted' ? { kind: id } : { kind: 'group', id },
    ]),
  )
}
