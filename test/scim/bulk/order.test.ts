import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { stepsOf } from '#scim/bulk/order.ts'
import { parseBulk } from '#scim/bulk/parse.ts'
import type { Json } from '#scim/json.ts'

/** A group that refers to others: `group('a', 'b')` is created as a and has b as member. */
const group = (bulkId: string, ...members: string[]): Json => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((one) => ({ value: `bulkId:${one}` })) },
})
const patch = (path: string, value: string): Json => ({
  method: 'PATCH',
  path,
  data: { Operations: [{ op: 'add', path: 'members', value: [{ value }] }] },
})

/** `1` runs the second operation, `1-a` runs it without a, `1+a` completes it. */
const order = (...Operations: Json[]): readonly string[] =>
  stepsOf(parseBulk({ Operations }).operations).map(({ index, kind, postponed }) =>
    postponed.size === 0 ? `${index}` : `${index}${kind === 'run' ? '-' : '+'}${[...postponed].join('')}`,
  )

describe('the order of bulk operations', () => {
  test('is that of the request where nothing refers forward', () => {
    expect(order(group('a'), group('b', 'a'), patch('/Groups/bulkId:b', 'bulkId:a'))).toEqual(['0', '1', '2'])
  })

  test('lets an operation wait for what it refers to, and nothing else', () => {
    expect(order(group('a', 'c'), group('b'), group('c'), group('d'))).toEqual(['1', '2', '0', '3'])
    expect(order(patch('/Groups/bulkId:b', 'x'), group('a'), group('b'))).toEqual(['1', '2', '0'])
    expect(order(patch('/Groups/g', 'bulkId:a'), group('a', 'b'), group('b'))).toEqual(['2', '1', '0'])
  })

  test('breaks a circle at its first operation, which is completed at the end', () => {
    expect(order(group('a', 'b'), group('b', 'a'))).toEqual(['0-b', '1', '0+b'])
    expect(order(group('a', 'a'))).toEqual(['0-a', '0+a'])
    expect(
      order(group('c', 'a'), group('a', 'b'), group('b', 'a'), patch('/Groups/bulkId:a', 'bulkId:c')),
    ).toEqual(['0-a', '1-b', '2', '3', '0+a', '1+b'])
  })

  test('does not wait for what no operation creates, nor for one that cannot be tried', () => {
    expect(order(group('a', 'nobody'), { method: 'POST', path: '/Groups', data: {} })).toEqual(['0', '1'])
  })

  test('runs each operation once, after all that it does not postpone, whatever refers to whatever', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const members = fc.subarray(names)
    fc.assert(
      fc.property(fc.tuple(members, members, members, members, members), (all) => {
        const { operations } = parseBulk({ Operations: all.map((one, at) => group(names[at] ?? '', ...one)) })
        const steps = stepsOf(operations)
        const created: string[] = []
        for (const { index, postponed } of steps.filter(({ kind }) => kind === 'run')) {
          const awaited = (all[index] ?? []).filter((one) => !postponed.has(one))
          expect(created).toEqual(expect.arrayContaining(awaited))
          created.push(names[index] ?? '')
        }
        expect(created.toSorted()).toEqual(names)
        const broken = steps.filter(({ kind, postponed }) => kind === 'run' && postponed.size > 0)
        expect(steps.slice(names.length).map(({ index }) => index)).toEqual(broken.map(({ index }) => index))
      }),
    )
  })
})
