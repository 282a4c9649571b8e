import { expect, test } from 'vitest'

import { compileRules } from '#standalone/kube-folder/cel-rules.ts'

import type { OpenApiSchema } from '#operator/api/crd.ts'

const rule = (text: string, message: string) => ({ 'x-kubernetes-validations': [{ rule: text, message }] })

const list = (type: 'map' | 'atomic'): OpenApiSchema => ({
  type: 'object',
  properties: {
    parts: {
      type: 'array',
      'x-kubernetes-list-type': type,
      'x-kubernetes-list-map-keys': ['id'],
      items: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          n: { type: 'integer', ...rule('self >= oldSelf', 'n only grows') },
        },
      },
    },
  },
})

test('a rule that holds says nothing, one that does not says its message at its place', () => {
  const check = compileRules({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: { min: { type: 'integer' }, max: { type: 'integer' } },
        ...rule('self.min < self.max', 'min must be less than max'),
      },
    },
  })
  expect(check({ spec: { min: 1, max: 2 } }, undefined)).toEqual([])
  expect(check({ spec: { min: 2, max: 2 } }, undefined)).toEqual([
    { path: 'spec', message: 'min must be less than max' },
  ])
})

test('a rule that mentions oldSelf runs only where something stood before', () => {
  const check = compileRules({
    type: 'object',
    properties: { id: { type: 'string', ...rule('self == oldSelf', 'id cannot change') } },
  })
  expect(check({ id: 'a' }, undefined)).toEqual([])
  expect(check({ id: 'a' }, {})).toEqual([])
  expect(check({ id: 'a' }, { id: 'a' })).toEqual([])
  expect(check({ id: 'b' }, { id: 'a' })).toEqual([{ path: 'id', message: 'id cannot change' }])
})

test('items of an associative list have a past by their key, items of other lists have none', () => {
  const before = {
    parts: [
      { id: 'a', n: 1 },
      { id: 'b', n: 5 },
    ],
  }
  const after = {
    parts: [
      { id: 'b', n: 4 },
      { id: 'a', n: 2 },
    ],
  }
  expect(compileRules(list('map'))(after, before)).toEqual([{ path: 'parts[0].n', message: 'n only grows' }])
  expect(compileRules(list('atomic'))(after, before)).toEqual([])
})

test('whole numbers are integers to a rule, and field names that are no identifiers are escaped', () => {
  const check = compileRules({
    type: 'object',
    properties: { namespace: { type: 'integer' }, 'a-b': { type: 'number' } },
    ...rule('self.__namespace__ % 2 == 0 && self.a__dash__b > 0.5', 'no'),
  })
  expect(check({ namespace: 4, 'a-b': 1 }, undefined)).toEqual([])
  expect(check({ namespace: 3, 'a-b': 1 }, undefined)).toHaveLength(1)
})

test('a rule that cannot be evaluated refuses the object and says so', () => {
  const check = compileRules({ type: 'object', ...rule('self.missing == 1', 'missing is 1') })
  const [problem] = check({}, undefined)
  expect(problem?.message).toMatch(/^missing is 1 \(the rule could not be evaluated: /)
})

test('a rule that is no CEL is refused when it is compiled', () => {
  expect(() => compileRules({ type: 'object', ...rule('self.a ==', 'x') })).toThrow(/./)
})
