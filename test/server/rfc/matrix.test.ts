import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { expect, test } from 'vitest'

/** What RFC 7643 and 7644 ask of a server, in rows. */
const rows = {
  /** Discovery and transport. */
  D: 11,
  /** The resource model. */
  R: 12,
  /** Create, read, replace, delete. */
  C: 8,
  F: 11,
  /** Sorting, paging, projection, search. */
  S: 6,
  P: 13,
  /** Versions, bulk, /Me, errors. */
  E: 5,
}

/** A title begins with the rows that it is about, and other tags may follow them: `D1, C8, hard spot 11: …`. */
const tag = /['"`]([DRCFSPE]\d+(?:, [DRCFSPE]\d+)*)(?:, (?:hard spot |tolerance |K)\d+)*: /g

test('each row of the protocol has a test that names it', async () => {
  const root = path.join(import.meta.dirname, '..')
  const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.test.ts'))
  const texts = await Promise.all(files.map((name) => readFile(path.join(root, name), 'utf8')))
  const named = new Set(
    texts.flatMap((text) => [...text.matchAll(tag)].flatMap(([, ids = '']) => ids.split(', '))),
  )
  const all = Object.entries(rows).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, n) => `${letter}${n + 1}`),
  )
  expect(all.filter((row) => !named.has(row))).toEqual([])
  // Nor is there a row that nobody knows.
  expect([...named].filter((row) => !all.includes(row))).toEqual([])
})
