import { expect, test } from 'vitest'

import { createLogger } from '#platform/log.ts'
import { createReadiness } from '#platform/readiness.ts'

const waiting = () => {
  const lines: string[] = []
  const stop = new AbortController()
  const log = createLogger('test', { stream: { write: (line: string) => void lines.push(line) } })
  return { lines, stop, readiness: createReadiness(log, stop.signal) }
}

test('a process is not ready before it says so, and not any more once it stops', () => {
  const { readiness, stop } = waiting()
  expect(readiness.verdict()).toBe('starting')
  readiness.declare()
  expect(readiness.verdict()).toBe(true)
  stop.abort()
  expect(readiness.verdict()).toBe('stopping')
})

test('what is waited for is the reason, logged once, until the answer comes', async () => {
  const { readiness, lines } = waiting()
  const verdicts: unknown[] = []
  const answer = await readiness.until('tea', async () => {
    verdicts.push(readiness.verdict())
    if (verdicts.length < 3) throw new Error('no water')
    return 'tea'
  })
  expect(answer).toBe('tea')
  expect(verdicts).toEqual(['starting', 'waiting for tea: no water', 'waiting for tea: no water'])
  expect(lines).toHaveLength(1)
})

test('waiting ends with the process', async () => {
  const { readiness, stop } = waiting()
  const answer = readiness.until('tea', () => Promise.reject(new Error('no water')))
  stop.abort(new Error('told to stop'))
  await expect(answer).rejects.toThrow('told to stop')
})
