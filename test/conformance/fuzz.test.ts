/**
 * Whatever a client sends, it is answered in the protocol: never a fault, a PATCH done whole or not at all, every page
 * complete. A failure prints its seed and path; this replays it (and FUZZ_RUNS=20 does twenty times as many runs):
 *
 *     FUZZ_SEED=-1234 FUZZ_PATH=17:0 npx vitest run --project http test/conformance/fuzz.test.ts -t 'the title'
 */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

import * as fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'

import { printFilter } from '#scim/filter/print.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import {
  garbageBody,
  garbageBytes,
  garbageJson,
  garbageOperations,
  garbagePath,
  garbageText,
} from '#test/kit/garbage-arbitraries.ts'
import {
  arbitraryBody,
  arbitraryFilter,
  arbitraryPatch,
  comparableReferences,
} from '#test/kit/scim-arbitraries.ts'
import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'
import { useServer } from '#test/kit/use-server.ts'

import type { Reply, TestTenant } from '#test/kit/server.ts'

const used = useServer()
const types = [
  ['Users', userType],
  ['Groups', groupType],
] as const

const { FUZZ_SEED: seed, FUZZ_PATH: path, FUZZ_RUNS: times = '1' } = process.env
const runs = (numRuns: number): { numRuns: number; seed?: number; path?: string } => ({
  numRuns: numRuns * Number(times),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path }),
})

vi.setConfig({ testTimeout: 60_000 * Number(times) })

/** What an answer says that is neither a success nor a refusal with a SCIM Error body; undefined if all is well. */
const fault = (reply: Reply): string | undefined => {
  const { status, body, text, headers } = reply
  if (status >= 200 && status < 300) return undefined
  const isError =
    status >= 400 &&
    status < 500 &&
    isDeepStrictEqual(body?.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error']) &&
    body.status === String(status) &&
    typeof body.detail === 'string' &&
    (body.scimType === undefined || scimTypes.has(body.scimType)) &&
    headers['content-type'] === 'application/scim+json' &&
    typeof headers['x-request-id'] === 'string'
  return isError ? undefined : `${status} ${text}`
}

/** RFC 7644 section 3.12 and RFC 9865. */
const scimTypes: ReadonlySet<unknown> = new Set([
  'invalidFilter',
  'tooMany',
  'uniqueness',
  'mutability',
  'invalidSyntax',
  'invalidPath',
  'noTarget',
  'invalidValue',
  'invalidVers',
  'sensitive',
  'invalidCursor',
  'expiredCursor',
  'invalidCount',
])

/** The body under a name that nobody has, so that no run stands in the way of another. */
const unique = (body: JsonObject, type: ResourceType): JsonObject =>
  Object.assign({}, body, { [type.uniqueAttribute]: randomUUID() })

describe('a population made from the schemas', () => {
  let tenant: TestTenant
  const ids = new Map<string, readonly string[]>()

  beforeAll(async () => {
    tenant = await used.server.newTenant()
    for (const [, type] of types) {
      const bodies = fc.sample(arbitraryBody(type), {
        numRuns: 40,
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      })
      await Promise.all(bodies.map((body) => tenant.create(type.endpoint, unique(body, type))))
      const { body } = await tenant.get(`${type.endpoint}?attributes=id&count=100`)
      ids.set(type.name, body.Resources.map(({ id }: { id: string }) => id).toSorted())
    }
  })

  test.for(types)('a filter and its negation share %s between them', async ([, type]) => {
    await fc.assert(
      fc.asyncProperty(arbitraryFilter(type), async (filter) => {
        const text = printFilter(filter)
        fc.pre(text.length < 3000)
        const found: string[] = []
        for (const asked of [text, `not (${text})`]) {
          const reply = await tenant.post(`${type.endpoint}/.search`, {
            filter: asked,
            attributes: ['id'],
            count: 100,
          })
          expect(reply.status).toBe(200)
          expect(reply.body.totalResults).toBe(reply.body.Resources.length)
          found.push(...reply.body.Resources.map(({ id }: { id: string }) => id))
        }
        expect(found.toSorted()).toEqual(ids.get(type.name))
      }),
      runs(50),
    )
  })

  test.for(types)(
    'pages show each of %s once, in any order and size, by index and by cursor',
    async ([, type]) => {
      // Rows and lists that are computed have no order among resources.
      const sortable = comparableReferences(type).filter(
        ({ attribute }) => !['schemas', 'members', 'groups'].includes(attribute.name),
      )
      const names = sortable.map(({ extension, attribute, subAttribute }) =>
        [
          extension === undefined ? '' : `${extension}:`,
          attribute.name,
          subAttribute && `.${subAttribute.name}`,
        ].join(''),
      )
      const order = fc.record({
        sortBy: fc.constantFrom(...names),
        sortOrder: fc.constantFrom('ascending', 'descending'),
        count: fc.integer({ min: 3, max: 41 }),
      })
      await fc.assert(
        fc.asyncProperty(order, fc.boolean(), async (asked, isByCursor) => {
          const seen: string[] = []
          let next: object | undefined = isByCursor ? { cursor: '' } : { startIndex: 1 }
          while (next !== undefined) {
            const reply = await tenant.post(`${type.endpoint}/.search`, {
              ...asked,
              ...next,
              attributes: ['id'],
            })
            expect(reply.status).toBe(200)
            seen.push(...reply.body.Resources.map(({ id }: { id: string }) => id))
            const { nextCursor } = reply.body
            if (isByCursor) next = nextCursor === undefined ? undefined : { cursor: nextCursor }
            else next = seen.length >= reply.body.totalResults ? undefined : { startIndex: seen.length + 1 }
            expect(seen.length).toBeLessThanOrEqual(40)
          }
          expect(seen.toSorted()).toEqual(ids.get(type.name))
        }),
        runs(20),
      )
    },
  )
})

describe('what the schemas allow', () => {
  test.for(types)('%s are created, and a PUT of what was read changes nothing', async ([, type]) => {
    await fc.assert(
      fc.asyncProperty(arbitraryBody(type), async (body) => {
        const created = await used.tenant.post(type.endpoint, unique(body, type))
        expect(created.status).toBe(201)
        const at = `${type.endpoint}/${created.body.id}`
        const read = await used.tenant.get(at)
        expect(read.body).toEqual(created.body)
        expect((await used.tenant.put(at, read.body)).body).toEqual(read.body)
      }),
      runs(30),
    )
  })

  test.for(types)('a PATCH of %s is done whole or not at all', async ([, type]) => {
    await fc.assert(
      fc.asyncProperty(arbitraryBody(type), arbitraryPatch(type), async (body, operations) => {
        const id = await used.tenant.create(type.endpoint, unique(body, type))
        expect(await wrongAfter(id, type, operations)).toBeUndefined()
      }),
      runs(50),
    )
  })

  test('a PATCH of members leaves those that its steps leave, or all as they were if one step is refused', async () => {
    const users = await Promise.all(
      Array.from({ length: 4 }, () => used.tenant.create('/Users', aUser(randomUUID()))),
    )
    const step = fc.record({
      kind: fc.constantFrom('add', 'remove', 'replace', 'removeOne', 'clear', 'refused'),
      some: fc.subarray(users),
    })
    const steps = fc.array(step, { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.subarray(users), steps, async (initial, steps) => {
        const group = await used.tenant.create('/Groups', aGroup(randomUUID(), initial))
        const reply = await used.tenant.patch(`/Groups/${group}`, aPatch(...steps.map(memberOperation)))
        const isRefused = steps.some(({ kind }) => kind === 'refused')
        expect(reply.status).toBe(isRefused ? 400 : 200)
        const left = isRefused ? initial : steps.reduce(membersAfter, initial)
        const { body } = await used.tenant.get(`/Groups/${group}`)
        const members = (body.members ?? []).map(({ value }: { value: string }) => value)
        expect(members.toSorted()).toEqual(left.toSorted())
      }),
      runs(30),
    )
  })
})

interface MemberStep {
  readonly kind: 'add' | 'remove' | 'replace' | 'removeOne' | 'clear' | 'refused'
  readonly some: readonly string[]
}

const memberOperation = ({ kind, some }: MemberStep): object => {
  const value = some.map((one) => ({ value: one }))
  switch (kind) {
    case 'removeOne':
      return { op: 'remove', path: `members[value eq "${some[0] ?? 'nobody'}"]` }
    case 'clear':
      return { op: 'remove', path: 'members' }
    case 'refused':
      return { op: 'replace', path: 'displayName', value: { not: 'a text' } }
    case 'add':
    case 'remove':
    case 'replace':
      return { op: kind, path: 'members', value }
  }
}

/** The model: what a set of members becomes by one step. */
const membersAfter = (members: readonly string[], { kind, some }: MemberStep): readonly string[] => {
  switch (kind) {
    case 'add':
      return [...new Set([...members, ...some])]
    case 'remove':
      return members.filter((one) => !some.includes(one))
    case 'removeOne':
      return members.filter((one) => one !== some[0])
    case 'replace':
      return some
    case 'clear':
      return []
    case 'refused':
      return members
  }
}

/**
 * Refused: the resource is as it was. Done: it is as answered, under a new version exactly if something changed. A
 * member who waits to be provisioned is a change of the group, though no answer shows it.
 */
const wrongAfter = async (id: string, type: ResourceType, patch: unknown): Promise<string | undefined> => {
  const at = `${type.endpoint}/${id}`
  const before = await used.tenant.get(at)
  const reply = await used.tenant.patch(at, patch)
  const after = await used.tenant.get(at)
  if (!isDeepStrictEqual(after.body, reply.status === 200 ? reply.body : before.body)) {
    return `${before.text} became ${after.text} by ${reply.status} ${reply.text}`
  }
  const { meta: was, ...old } = before.body
  const { meta: is, ...now } = after.body
  const isOther = !isDeepStrictEqual(now, old)
  const mayWait = type.membershipAttribute !== undefined && /members/i.test(JSON.stringify(patch))
  const isVersioned = is.version === was.version ? !isOther : isOther || mayWait
  return isVersioned ? fault(reply) : `${before.text} became ${after.text}`
}

describe('garbage', () => {
  const literal = fc.oneof(
    garbageText().map((text) => JSON.stringify(text)),
    fc.constantFrom(
      'true',
      'false',
      'null',
      '1',
      '-2.5e3',
      '1e400',
      '"2026-11-22T10:00:00+02:00"',
      'bare',
      '"True"',
    ),
    garbageText(),
  )
  const operator = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'EQ', 'xx', 'pr')

  test.for([...types, ['resources', undefined] as const])(
    'in a filter of %s is no fault',
    async ([, type]) => {
      const name = garbagePath(type ?? userType)
      const comparison = fc.tuple(name, operator, literal).map((parts) => parts.join(' '))
      const filter = fc.oneof(
        comparison,
        comparison.map((one) => `not (${one})`),
        comparison.map((one) => `emails[${one}]`),
        comparison.map((one) => `${'('.repeat(60)}${one}${')'.repeat(60)}`),
        fc.tuple(comparison, fc.constantFrom('and', 'or', 'xor'), comparison).map((parts) => parts.join(' ')),
        garbageText(),
      )
      const at = type?.endpoint ?? ''
      await fc.assert(
        fc.asyncProperty(filter, async (asked) => {
          expect(fault(await used.tenant.post(`${at}/.search`, { filter: asked, count: 2 }))).toBeUndefined()
          const query = encodeURIComponent(asked.toWellFormed())
          expect(fault(await used.tenant.get(`${at}/?filter=${query}&count=2`))).toBeUndefined()
        }),
        runs(40),
      )
    },
  )

  test('in a sort, a page or a projection is no fault', async () => {
    const names = fc.constantFrom(
      'sortBy',
      'sortOrder',
      'startIndex',
      'count',
      'cursor',
      'attributes',
      'excludedAttributes',
    )
    const value = fc.oneof(
      garbagePath(userType),
      garbageText(),
      fc.integer().map(String),
      fc.double().map(String),
    )
    const parameters = fc.dictionary(names, value, { maxKeys: 4 })
    await fc.assert(
      fc.asyncProperty(parameters, fc.constantFrom('/Users', '/Groups', '/'), async (asked, at) => {
        const query = Object.entries(asked).map(
          ([name, raw]) => `${name}=${encodeURIComponent(raw.toWellFormed())}`,
        )
        expect(fault(await used.tenant.get(`${at}?${query.join('&')}`))).toBeUndefined()
      }),
      runs(50),
    )
  })

  test('in the body of a search is no fault', async () => {
    const body = fc.dictionary(
      fc.constantFrom(
        'filter',
        'sortBy',
        'sortOrder',
        'startIndex',
        'count',
        'cursor',
        'attributes',
        'schemas',
      ),
      garbageJson(),
      { maxKeys: 3 },
    )
    await fc.assert(
      fc.asyncProperty(body, async (asked) => {
        expect(fault(await used.tenant.post('/Users/.search', asked))).toBeUndefined()
      }),
      runs(30),
    )
  })

  test.for(types)(
    'in the body of a POST or PUT of %s is no fault, and what is stored is what was answered',
    async ([, type]) => {
      await fc.assert(
        fc.asyncProperty(garbageBody(type), fc.boolean(), async (body, isPut) => {
          const id = isPut ? await used.tenant.create(type.endpoint, unique({}, type)) : ''
          const at = isPut ? `${type.endpoint}/${id}` : type.endpoint
          const reply = await used.tenant.send(isPut ? 'PUT' : 'POST', at, {
            body: { ...unique({}, type), ...body },
          })
          expect(fault(reply)).toBeUndefined()
          if (reply.status >= 300) return
          expect((await used.tenant.get(`${type.endpoint}/${reply.body.id}`)).body).toEqual(reply.body)
          // It would stand in the way of the next run that makes the same.
          await used.tenant.delete(`${type.endpoint}/${reply.body.id}`)
        }),
        runs(40),
      )
    },
  )

  test('instead of JSON is no fault', async () => {
    const user = await used.tenant.create('/Users', aUser(randomUUID()))
    const group = await used.tenant.create('/Groups', aGroup(randomUUID(), [user]))
    const target = fc.constantFrom(
      ['POST', '/Users'],
      ['PUT', `/Users/${user}`],
      ['PATCH', `/Groups/${group}`],
      ['POST', '/.search'],
      ['POST', '/Bulk'],
    )
    const before = await used.tenant.get(`/Groups/${group}`)
    await fc.assert(
      fc.asyncProperty(garbageBytes(), target, async (raw, [method = '', at = '']) => {
        const reply = await used.tenant.send(method, at, { raw })
        expect(fault(reply)).toBeUndefined()
        if (reply.status === 201) await used.tenant.delete(`/Users/${reply.body.id}`)
      }),
      runs(40),
    )
    expect((await used.tenant.get(`/Groups/${group}`)).body).toEqual(before.body)
  })

  test.for(types)('in a PATCH of %s is refused as a whole or understood', async ([, type]) => {
    const body = fc.oneof(
      {
        weight: 4,
        arbitrary: garbageOperations(type).map((operations) => aPatch(...operations.map(anObject))),
      },
      { weight: 1, arbitrary: garbageJson() },
    )
    await fc.assert(
      fc.asyncProperty(body, async (patch) => {
        const id = await used.tenant.create(type.endpoint, unique({ externalId: 'x' }, type))
        expect(await wrongAfter(id, type, patch)).toBeUndefined()
      }),
      runs(50),
    )
  })
})

/** aPatch takes objects; these are of the generator's making. */
const anObject = (operation: Json): object => Object(operation)
