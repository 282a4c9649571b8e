import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Every line that holds the title of a test, or a part of one; promises to both adapters stand beside the tests. */
const titles = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /(\.test|reconcile-promises\/.*)\.ts$/.test(name) && !name.endsWith('tags.test.ts'))
  .flatMap((name) => readFileSync(join(root, name), 'utf8').split('\n'))
  .filter((line) => /^[^/]*['`]/.test(line))
  .join('\n')

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)

// K10 waits for the devices; K19 to K21 are told to people, not done by a server.
const promises = upTo(22).filter((number) => number !== 10 && (number < 19 || number > 21))

test.for([
  ['hard spot', upTo(40)],
  ['tolerance', upTo(12)],
  ['K', promises],
] as const)('every number of "%s" stands in the title of a test', ([word, numbers]) => {
  const separator = word === 'K' ? '' : ' '
  const pattern = new RegExp(`\\b${word}${separator}(\\d+)\\b`, 'g')
  const found = new Set([...titles.matchAll(pattern)].map(([, number]) => Number(number)))
  expect(numbers.filter((number) => !found.has(number))).toEqual([])
})
