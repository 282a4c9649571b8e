import { expect, test } from 'vitest'

import { isRenewing } from '#operator/leadership.ts'

import type { Leadership } from '#operator/leadership.ts'

function leadership(renewedAgoMs: number, lost = new AbortController().signal): Leadership {
  return { lost, renewedAgoMs, [Symbol.asyncDispose]: async () => undefined }
}

test.for([0, 14_999])('a leader that renewed %d ms ago is alive', (agoMs) => {
  expect(isRenewing(leadership(agoMs))).toBe(true)
})

test('a leader that believes to lead longer than its Lease lasts is to be started anew', () => {
  expect(isRenewing(leadership(15_000))).toBe('the Lease was not renewed for 15 s')
})

test('a leader that knows it has lost the Lease is alive: a new start would not help', () => {
  expect(isRenewing(leadership(600_000, AbortSignal.abort()))).toBe(true)
})
