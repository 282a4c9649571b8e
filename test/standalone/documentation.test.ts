import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

const sourcesBelow = async (...folders: readonly string[]): Promise<string> => {
  const texts = folders.map(async (folder) => {
    const names = await readdir(join(root, folder), { recursive: true })
    const files = names.filter((name) => name.endsWith('.ts'))
    return Promise.all(files.map((name) => readFile(join(root, folder, name), 'utf8')))
  })
  return (await Promise.all(texts)).flat().join('\n')
}

const documented = async (page: string): Promise<ReadonlySet<string>> =>
  new Set((await readFile(join(root, page), 'utf8')).match(/(?<=`)[A-Za-z]\w*(?=`)/g))

/** Reasons as the code writes them: a field, or the first argument of what makes a fact for a condition. */
const reasonPattern =
  /(?:reason: |\b(?:yes|no|degradedFact|progressingFact|idleFact)\(|refuse\(call, )'([A-Z]\w+)'/g

test('every reason of a condition or an event is documented', async () => {
  const code = await sourcesBelow('src/operator/tenant', 'src/operator/policy')
  const reasons = [...code.matchAll(reasonPattern)].map(([, reason]) => reason!)
  expect(reasons.length).toBeGreaterThan(40)
  const known = await documented('docs/conditions.md')
  expect([...new Set(reasons)].filter((reason) => !known.has(reason))).toEqual([])
})

test('every scimType is documented', async () => {
  const code = await readFile(join(root, 'src/scim/errors.ts'), 'utf8')
  const union = /export type ScimType =([^]*?)\n\n/.exec(code)?.[1] ?? ''
  const types = [...union.matchAll(/'(\w+)'/g)].map(([, type]) => type!)
  expect(types).toContain('uniqueness')
  const known = await documented('docs/conditions.md')
  expect(types.filter((type) => !known.has(type))).toEqual([])
})
