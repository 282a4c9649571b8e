/** Whole requests as identity providers send them, and what we read in each. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dialects } from '#scim/dialects.ts'
import type { DialectName } from '#scim/dialects.ts'
import { printFilter } from '#scim/filter/print.ts'
import { parseListQuery } from '#scim/list-query.ts'
import { applyPatch } from '#scim/patch/apply.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import type { ResourceData } from '#scim/resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { parseResource } from '#scim/validate.ts'

interface Fixture {
  readonly name: string
  readonly source: string
  readonly type: string
  readonly request: { readonly method: string; readonly path: string; readonly body?: unknown }
  readonly current?: { readonly id: string; readonly data: ResourceData }
  readonly dialects: readonly DialectName[]
  readonly expect: Readonly<Record<string, unknown>>
}

const folder = join(import.meta.dirname, 'fixtures')
const fixtures: readonly Fixture[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .toSorted()
  .map((name) =>
    Object.assign(JSON.parse(readFileSync(join(folder, name), 'utf8')), { name: name.slice(0, -5) }),
  )

/** What a request means, in the form that the fixture expects, and the dialects met. */
function understood(fixture: Fixture): {
  readonly outcome: unknown
  readonly dialects: readonly DialectName[]
} {
  const { request, current = { id: '', data: {} } } = fixture
  const type: ResourceType = fixture.type === 'User' ? userType : groupType
  if (request.method === 'GET') {
    const query = parseListQuery(new URL(request.path, 'http://a').searchParams, type)
    return { outcome: { filter: query.filter && printFilter(query.filter) }, dialects: [] }
  }
  if (request.method === 'PATCH') {
    const { operations, dialects } = parsePatch(request.body, type)
    return { outcome: applyPatch(current, operations, type), dialects }
  }
  const { resource, dialects } = parseResource(request.body, type, fixture.current)
  return { outcome: resource, dialects }
}

test.for(fixtures)('$name is understood', (fixture) => {
  const { outcome, dialects } = understood(fixture)
  expect(outcome).toEqual(fixture.expect)
  expect(dialects.toSorted()).toEqual([...fixture.dialects].toSorted())
})

describe('the catalogue of dialects', () => {
  const met = new Set(fixtures.flatMap((fixture) => fixture.dialects))

  test.for(Object.keys(dialects))('a recorded request speaks %s', (name) => {
    expect([...met]).toContain(name)
  })

  test.for(Object.entries(dialects))('it says where %s was seen and what it is', ([, dialect]) => {
    expect(dialect.source).not.toBe('')
    expect(dialect.description).toMatch(/\.$/)
  })
})
