import { expect, test } from 'vitest'

import { aborted, disposeWithin, untilSignal } from '#platform/lifecycle.ts'
import { createLogger } from '#platform/log.ts'

test('SIGTERM aborts the signal with its name as the reason, and listening ends with disposal', async () => {
  const before = process.listenerCount('SIGTERM')
  {
    using stop = untilSignal(createLogger('test', { level: 'silent' }))
    expect(process.listenerCount('SIGTERM')).toBe(before + 1)
    process.emit('SIGTERM', 'SIGTERM')
    // npm repeats what the terminal has said already: no impatience.
    process.emit('SIGINT', 'SIGINT')
    await aborted(stop.signal)
    expect(String(stop.signal.reason)).toContain('stopped by SIGTERM')
  }
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

test('what was opened last is closed first', async () => {
  const closed: string[] = []
  const stack = new AsyncDisposableStack()
  stack.defer(() => void closed.push('first'))
  stack.defer(() => void closed.push('second'))
  await disposeWithin(stack, 1000)
  expect(closed).toEqual(['second', 'first'])
})

test('closing that takes longer than the limit is an error, and one that fails keeps its own', async () => {
  const stuck = new AsyncDisposableStack()
  stuck.defer(() => new Promise(() => undefined))
  await expect(disposeWithin(stuck, 10)).rejects.toThrow('stopping took longer than 0.01 s')
  const failing = new AsyncDisposableStack()
  failing.defer(() => Promise.reject(new Error('disk full')))
  await expect(disposeWithin(failing, 1000)).rejects.toThrow('disk full')
})
