import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CompiledPolicy } from '#assignment/compile.ts'
import { evaluate } from '#assignment/evaluate.ts'
import { inGroup, pinsOf, policyOf, userOf } from './facts.ts'

const pins = pinsOf({ A: 'ga', B: 'gb', C: 'gc' })

test('under One the first rule that matches decides with all its values', () => {
  const policy = policyOf(
    { cardinality: 'One', default: 'none' },
    { a: [inGroup('A'), 'x', 'y'], b: [inGroup('B'), 'z'] },
  )
  const { assignments, because, rules } = evaluate(policy, userOf(['gb', 'ga']), pins)
  expect(assignments).toEqual([
    { value: 'x', rule: 'a' },
    { value: 'y', rule: 'a' },
  ])
  expect(because).toBe('Rule "a" is the first that matches.')
  expect(rules.map(({ rule, matched, applied }) => [rule, matched, applied])).toEqual([
    ['a', true, true],
    ['b', true, false],
  ])
})

test('under One the default stands in when no rule matches, and names no rule', () => {
  const policy = policyOf({ cardinality: 'One', default: 'none' }, { a: [inGroup('A'), 'x'] })
  expect(evaluate(policy, userOf([]), pins)).toMatchObject({
    assignments: [{ value: 'none', rule: null }],
    because: 'No rule matches, so the default applies.',
  })
})

test('without a default a user whom no rule matches gets nothing', () => {
  const policy = policyOf({ cardinality: 'One' }, { a: [inGroup('A'), 'x'] })
  expect(evaluate(policy, userOf([]), pins)).toMatchObject({ assignments: [], because: 'No rule matches.' })
})

test('under Many a user gets the values of all rules that match, each by the first rule that gives it', () => {
  const policy = policyOf(
    { cardinality: 'Many' },
    { a: [inGroup('A'), 'x', 'y'], b: [inGroup('B'), 'y', 'z'], c: [inGroup('C'), 'w'] },
  )
  expect(evaluate(policy, userOf(['ga', 'gb']), pins)).toMatchObject({
    assignments: [
      { value: 'x', rule: 'a' },
      { value: 'y', rule: 'a' },
      { value: 'z', rule: 'b' },
    ],
    because: 'These rules match: "a", "b".',
  })
})

test('an inactive user holds nothing, not even the default, and is told which rules would match', () => {
  const policy = policyOf({ cardinality: 'One', default: 'none' }, { a: [inGroup('A'), 'x'] })
  const { assignments, rules, because } = evaluate(policy, userOf(['ga'], {}, false), pins)
  expect(assignments).toEqual([])
  expect(because).toBe('Inactive users hold no assignments.')
  expect(rules).toEqual([{ rule: 'a', matched: true, applied: false, because: 'The user is in group "A".' }])
})

const memberships = fc.subarray(['ga', 'gb', 'gc'])
const ruleList = fc.array(
  fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.subarray(['u', 'v', 'w', 'x'], { minLength: 1 })),
  { maxLength: 6 },
)
const toPolicy = (
  cardinality: 'One' | 'Many',
  rules: readonly (readonly [string, readonly string[]])[],
): CompiledPolicy =>
  policyOf(
    { cardinality },
    Object.fromEntries(rules.map(([group, values], i) => [`r${i}`, [inGroup(group), ...values] as const])),
  )
const values = (policy: CompiledPolicy, groups: readonly string[]) =>
  evaluate(policy, userOf(groups), pins).assignments.map(({ value }) => value)

test('under Many the order of the rules never changes who holds which value', () => {
  fc.assert(
    fc.property(ruleList, memberships, (rules, groups) => {
      const forwards = values(toPolicy('Many', rules), groups)
      const backwards = values(toPolicy('Many', rules.toReversed()), groups)
      expect(forwards.toSorted()).toEqual(backwards.toSorted())
      expect(new Set(forwards).size).toBe(forwards.length)
    }),
  )
})

test('what One gives is exactly the values of one rule, and part of what Many gives', () => {
  fc.assert(
    fc.property(ruleList, memberships, (rules, groups) => {
      const one = evaluate(toPolicy('One', rules), userOf(groups), pins)
      const decider = one.rules.findIndex(({ matched }) => matched)
      expect(one.assignments.map(({ value }) => value)).toEqual(decider < 0 ? [] : rules[decider]![1])
      const many = new Set(values(toPolicy('Many', rules), groups))
      expect(one.assignments.filter(({ value }) => !many.has(value))).toEqual([])
    }),
  )
})
