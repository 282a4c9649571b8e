import { Readable } from 'node:stream'

import { expect, test } from 'vitest'

import { linesOf } from '#operator/cluster/lines.ts'

async function linesFrom(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesOf(Readable.from(chunks))) lines.push(line)
  return lines
}

const text = '{"a":"é"}\n{"b":"日本"}\nrest'

test('lines are the same however the bytes are cut, within a character too', async () => {
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size += 1) {
    const chunks = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    expect(await linesFrom(chunks)).toEqual(text.split('\n'))
  }
})

test('an end of line at the end begins no further line', async () => {
  expect(await linesFrom([Buffer.from('a\n')])).toEqual(['a'])
  expect(await linesFrom([])).toEqual([])
})

test('a line that does not end is given up before it eats the memory', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  await expect(linesFrom(Array.from({ length: 20 }, () => chunk))).rejects.toThrow('does not end')
})
