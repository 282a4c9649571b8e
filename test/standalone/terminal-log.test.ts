import { expect, test } from 'vitest'

import { terminalLog } from '#standalone/terminal-log.ts'

const line = `${JSON.stringify({
  level: 'warn',
  time: '2026-11-22T15:04:05.678Z',
  room: 'kube',
  problem: 'a.yaml: spec: is required',
  err: { type: 'Error', message: 'disk full', stack: '…' },
  msg: 'a manifest is not in force as it stands',
})}\n`

const written = (isTTY: boolean, text: string): string => {
  let all = ''
  terminalLog({ isTTY, write: (part) => void (all += part) }).write(text)
  return all
}

test('a person at a terminal reads a sentence, a program the line as it is', () => {
  expect(written(true, line)).toBe(
    '15:04:05 warn kube: a manifest is not in force as it stands (problem: a.yaml: spec: is required; disk full)\n',
  )
  expect(written(false, line)).toBe(line)
})

test('what is no log line is shown as it is', () => {
  expect(written(true, 'node: warning\n')).toBe('node: warning\n')
})
