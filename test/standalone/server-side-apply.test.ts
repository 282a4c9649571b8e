import { expect, test } from 'vitest'

import { serverSideApply } from '#standalone/kube-folder/server-side-apply.ts'
import { threeWayMerge } from '#standalone/kube-folder/three-way-merge.ts'

import type { JsonObject } from '#standalone/kube-folder/json.ts'
import type { Applied } from '#standalone/kube-folder/server-side-apply.ts'

const listKeys = (path: readonly string[]) => (path.join('.') === 'conditions' ? ['type'] : undefined)
const nothing: Applied = { content: {}, managed: [] }

const apply = (live: Applied, manager: string, applied: JsonObject, force = false): Applied => {
  const result = serverSideApply({ live, applied, manager, force, listKeys })
  if (result.kind === 'conflict') throw new Error(result.fields.join())
  return result
}

test('what nobody applies any more goes, and empty maps go with it', () => {
  const first = apply(nothing, 'a', { x: { y: 1, z: { deep: true } } })
  expect(apply(first, 'a', { x: { y: 1 } }).content).toEqual({ x: { y: 1 } })
  expect(apply(first, 'a', { w: 0 }).content).toEqual({ w: 0 })
})

test('a field that two managers apply alike belongs to both, and stays until both let go', () => {
  const both = apply(apply(nothing, 'a', { x: 1 }), 'b', { x: 1 })
  const one = apply(both, 'a', { y: 1 })
  expect(one.content).toEqual({ x: 1, y: 1 })
  expect(apply(one, 'b', { z: 1 }).content).toEqual({ y: 1, z: 1 })
})

test('a list is one value unless it is associative; then its items are applied one by one', () => {
  const first = apply(nothing, 'a', {
    list: [1, 2],
    conditions: [
      { type: 'A', s: 1 },
      { type: 'B', s: 1 },
    ],
  })
  const second = apply(first, 'b', { conditions: [{ type: 'C', s: 1 }] })
  const third = apply(second, 'a', { list: [3], conditions: [{ type: 'B', s: 2 }] })
  expect(third.content).toEqual({
    list: [3],
    conditions: [
      { type: 'B', s: 2 },
      { type: 'C', s: 1 },
    ],
  })
})

test('a conflict names the fields and the managers, and changes nothing', () => {
  const live = apply(nothing, 'a', { x: { y: 1 }, conditions: [{ type: 'A', s: 1 }] })
  const applied = { x: { y: 2 }, conditions: [{ type: 'A', s: 2 }] }
  expect(serverSideApply({ live, applied, manager: 'b', force: false, listKeys })).toEqual({
    kind: 'conflict',
    fields: ['.x.y', '.conditions.{"type":"A"}'],
    managers: ['a'],
  })
})

test('fields that nobody owns are left alone', () => {
  const live: Applied = { content: { theirs: 1, x: { theirs: 2 } }, managed: [] }
  const applied = apply(live, 'a', { x: { ours: 3 } })
  expect(apply(applied, 'a', {}).content).toEqual({ theirs: 1, x: { theirs: 2 } })
})

test('an edit carries over what it changed and nothing else', () => {
  expect(
    threeWayMerge({
      base: { a: 1, b: 1, c: { d: 1 } },
      edited: { a: 2, c: { d: 1, e: 1 } },
      live: { a: 1, b: 1, c: { d: 5 }, f: 9 },
      listKeys,
    }),
  ).toEqual({ a: 2, c: { d: 5, e: 1 }, f: 9 })
})
