import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { PolicySpecCore } from '#assignment/rule.ts'

const group = { displayName: 'Contractors' }
const rule = { name: 'contractors', match: { anyGroup: [group] }, assign: ['locked-down'] }

const refusal = (spec: unknown): string => {
  const result = PolicySpecCore.safeParse(spec)
  return result.success ? 'accepted' : z.prettifyError(result.error)
}
const withMatch = (match: unknown) => ({ cardinality: 'Many', rules: [{ ...rule, match }] })

test('the example policy of the documentation is accepted as it stands', () => {
  const spec = {
    cardinality: 'One',
    default: 'standard-mac',
    rules: [
      { ...rule, match: { anyGroup: [group], where: 'title co "Contractor" and active eq true' } },
      {
        name: 'by-id',
        match: { allGroups: [{ id: '01912345-6789-7abc-8def-0123456789ab' }] },
        assign: ['a', 'b'],
      },
      { name: 'others', match: { noGroup: [{ externalId: '00g1' }] }, assign: ['c'] },
    ],
  }
  expect(PolicySpecCore.parse(spec)).toEqual(spec)
})

describe('a policy is refused with the field and the reason', () => {
  test.for([
    [
      'two names for one group',
      withMatch({ anyGroup: [{ displayName: 'A', externalId: 'b' }] }),
      'exactly one of',
    ],
    ['no name for a group', withMatch({ noGroup: [{}] }), 'rules[0].match.noGroup[0]'],
    [
      'a group id that is none',
      withMatch({ anyGroup: [{ id: 'Contractors' }] }),
      'rules[0].match.anyGroup[0].id',
    ],
    ['a rule without matcher', withMatch({}), 'at least one of anyGroup, allGroups, noGroup and where'],
    ['an empty list of groups', withMatch({ anyGroup: [] }), 'rules[0].match.anyGroup'],
    [
      '17 groups',
      withMatch({ allGroups: Array.from({ length: 17 }, () => group) }),
      'rules[0].match.allGroups',
    ],
    ['a filter that does not parse', withMatch({ where: 'title co' }), 'rules[0].match.where'],
    ['a filter on an unknown attribute', withMatch({ where: 'shoeSize eq 43' }), 'rules[0].match.where'],
    ['groups inside where', withMatch({ where: 'not (title pr and groups.display eq "A")' }), 'use anyGroup'],
    ['groups as an element of where', withMatch({ where: 'groups[display eq "A"]' }), 'use anyGroup'],
    [
      'meta inside where',
      withMatch({ where: 'meta.created gt "2026-01-01T00:00:00Z"' }),
      'meta cannot be used',
    ],
    [
      'a filter of 1025 characters',
      withMatch({ where: `title eq "${'x'.repeat(1014)}"` }),
      'rules[0].match.where',
    ],
    [
      'a NUL in a group name',
      withMatch({ anyGroup: [{ displayName: 'a\0b' }] }),
      'rules[0].match.anyGroup[0]',
    ],
    ['no value', { cardinality: 'One', rules: [{ ...rule, assign: [] }] }, 'rules[0].assign'],
    ['a value given twice', { cardinality: 'One', rules: [{ ...rule, assign: ['a', 'a'] }] }, 'given twice'],
    [
      'a value of 64 characters',
      { cardinality: 'One', rules: [{ ...rule, assign: ['x'.repeat(64)] }] },
      'assign[0]',
    ],
    [
      '17 values',
      { cardinality: 'One', rules: [{ ...rule, assign: 'abcdefghijklmnopq'.split('') }] },
      'rules[0].assign',
    ],
    ['one rule name twice', { cardinality: 'One', rules: [rule, rule] }, '"contractors" is used twice'],
    [
      '257 rules',
      { cardinality: 'One', rules: Array.from({ length: 257 }, (_, i) => ({ ...rule, name: `${i}` })) },
      'rules',
    ],
    [
      'a default under Many',
      { cardinality: 'Many', default: 'x', rules: [] },
      'default is only for cardinality One',
    ],
    ['no cardinality', { rules: [] }, 'cardinality'],
  ] as const)('%s', ([, spec, expected]) => {
    expect(refusal(spec)).toContain(expected)
  })
})

test('the schema of a policy is structural: no references, no alternatives, every text and list bounded', () => {
  const unbounded: string[] = []
  const alternatives: string[] = []
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    const node = { type: undefined, ...schema } as Record<string, unknown>
    for (const keyword of ['$ref', 'oneOf', 'anyOf', 'allOf', 'not'])
      if (keyword in node) alternatives.push(`${path} ${keyword}`)
    if (node['type'] === 'string' && node['maxLength'] === undefined && node['enum'] === undefined)
      unbounded.push(path)
    if (node['type'] === 'array' && node['maxItems'] === undefined) unbounded.push(path)
    visit(node['items'], `${path}[]`)
    for (const [name, property] of Object.entries(node['properties'] ?? {}))
      visit(property, `${path}.${name}`)
  }
  visit(z.toJSONSchema(PolicySpecCore, { target: 'openapi-3.0', io: 'input' }), 'spec')
  expect({ unbounded, alternatives }).toEqual({ unbounded: [], alternatives: [] })
})
