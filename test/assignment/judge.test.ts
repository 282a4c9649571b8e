import { expect, test } from 'vitest'
import type { PolicySpecCore } from '#assignment/rule.ts'
import { judge } from '#assignment/judge.ts'
import type { JsonObject } from '#scim/json.ts'
import { pinsOf, policyOf, userOf } from './facts.ts'

type MatchSpec = PolicySpecCore['rules'][number]['match']

const a = { displayName: 'A' }
const b = { displayName: 'B' }
const gone = { displayName: 'Gone' }
const later = { displayName: 'Later' }
const pins = pinsOf({ A: 'ga', B: 'gb', Gone: 'deleted', Later: 'unknown' })

const judged = (match: MatchSpec, groups: readonly string[], data: JsonObject = {}) => {
  const [rule] = policyOf({ cardinality: 'Many' }, { it: [match, 'v'] }).rules
  return judge(rule!, userOf(groups, data), pins)
}

test.for<readonly [string, MatchSpec, readonly string[], JsonObject, boolean, string]>([
  ['one of any groups', { anyGroup: [a, b] }, ['gb'], {}, true, 'The user is in group "B".'],
  [
    'none of any groups',
    { anyGroup: [a, b] },
    ['gx'],
    {},
    false,
    'The user is in none of: group "A", group "B".',
  ],
  [
    'a group in another case',
    { anyGroup: [{ displayName: 'a' }] },
    ['ga'],
    {},
    true,
    'The user is in group "a".',
  ],
  ['all of all groups', { allGroups: [a, b] }, ['ga', 'gb'], {}, true, 'is in group "A" and group "B"'],
  ['one of all groups', { allGroups: [a, b] }, ['ga'], {}, false, 'The user is not in group "B".'],
  ['no excluded group', { noGroup: [a, b] }, [], {}, true, 'The user is not in group "A" nor in group "B".'],
  [
    'an excluded group',
    { noGroup: [a, b] },
    ['gb'],
    {},
    false,
    'The user is in group "B", which the rule excludes.',
  ],
  [
    'a filter that holds',
    { where: 'title co "con"' },
    [],
    { title: 'Contractor' },
    true,
    'fulfils title co "con"',
  ],
  [
    'a filter on nothing',
    { where: 'title co "con"' },
    [],
    {},
    false,
    'The user does not fulfil title co "con".',
  ],
  [
    'the one part of a filter that fails',
    { where: 'title eq "x" and (nickName eq "n" and locale eq "de")' },
    [],
    { title: 'x', nickName: 'n', locale: 'en' },
    false,
    'The user does not fulfil locale eq "de".',
  ],
  [
    'all kinds of conditions at once',
    { anyGroup: [a], allGroups: [b], noGroup: [{ displayName: 'C' }], where: 'title pr' },
    ['ga', 'gb'],
    { title: 'x' },
    false,
    'There is no group "C" so far',
  ],
  ['an unknown group among any', { anyGroup: [later, a] }, ['ga'], {}, true, 'The user is in group "A".'],
  [
    'an unknown group among all',
    { allGroups: [a, later] },
    ['ga'],
    {},
    false,
    'The user is not in group "Later".',
  ],
  [
    'an unknown group to be outside of',
    { noGroup: [later] },
    [],
    {},
    false,
    'There is no group "Later" so far',
  ],
  ['a deleted group among any', { anyGroup: [a, gone] }, ['ga'], {}, false, 'The group "Gone" was deleted'],
  ['a deleted group to be outside of', { noGroup: [gone] }, [], {}, false, 'The group "Gone" was deleted'],
  [
    'a selector by id',
    { anyGroup: [{ id: '00000000-0000-7000-8000-000000000001' }] },
    [],
    {},
    false,
    'group with id',
  ],
])('a rule says why it matches or not: %s', ([, match, groups, data, matched, because]) => {
  const judgement = judged(match, groups, data)
  expect(judgement.matched).toBe(matched)
  expect(judgement.because).toContain(because)
})
