import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import type { Reply } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// Whatever a client sends, it is answered in the protocol: a success or a 4xx with an Error body, never a fault.
const used = useServer()
let user = ''
let group = ''
let created = 0

beforeAll(async () => {
  user = await used.tenant.create(
    '/Users',
    aUser('fuzz@example.com', { title: 'Dr', emails: [{ value: 'f@x.example' }] }),
  )
  group = await used.tenant.create('/Groups', aGroup('Fuzz', [user]))
})

/** fast-check prints the seed and the path of a failure, with which it can be replayed. */
const runs = { numRuns: 120 }

const isInProtocol = (reply: Reply): boolean =>
  reply.status >= 400
    ? reply.status < 500 && reply.body.status === String(reply.status)
    : reply.status >= 200 && reply.status < 300

const nasty = fc.constantFrom(
  '',
  '\u0000',
  '\ud83d',
  '%',
  "'",
  '"',
  '\\',
  '$1',
  '{}',
  '[]',
  'null',
  '__proto__',
  '1e999',
  '2026-13-45T99:99:99Z',
  '9'.repeat(400),
  'ß'.repeat(3000),
  '01a203d3-ea8a-79a9-b1f1-6c436d742113',
)
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 12 }))
const path = fc.constantFrom(
  'userName',
  'displayName',
  'active',
  'emails',
  'emails.value',
  'emails[type eq "work"].value',
  'emails[value eq "x"]',
  'name.givenName',
  'name',
  'members',
  'members.value',
  'groups',
  'externalId',
  'id',
  'meta.created',
  'meta.version',
  'meta.resourceType',
  'schemas',
  'password',
  'photos.value',
  'x509Certificates.value',
  `${urns.enterprise}:manager`,
  `${urns.enterprise}:manager.value`,
  `${urns.enterprise}:department`,
  urns.enterprise,
  'nothing',
)
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom('value', 'type', 'primary', 'display', '$ref', 'givenName', '__proto__'),
        text,
      ),
      tie('any'),
      { maxKeys: 3 },
    ),
  ),
})).any

describe('a fault is never the answer', () => {
  const literal = fc.oneof(
    text.map((raw) => JSON.stringify(raw)),
    fc.constantFrom('true', 'false', 'null', '1', '-2.5e3', '"2026-11-22T10:00:00+02:00"', 'bare', '"True"'),
    text,
  )
  const operator = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'EQ', 'xx')
  const comparison = fc.tuple(path, operator, literal).map((parts) => parts.join(' '))
  const filter = fc.oneof(
    comparison,
    path.map((name) => `${name} pr`),
    comparison.map((one) => `not (${one})`),
    fc.tuple(comparison, fc.constantFrom('and', 'or'), comparison).map((parts) => parts.join(' ')),
    comparison.map((one) => `emails[${one}]`),
    text,
  )

  test('to a filter', async () => {
    await fc.assert(
      fc.asyncProperty(filter, fc.constantFrom('/Users', '/Groups', ''), async (asked, type) => {
        expect(await used.tenant.post(`${type}/.search`, { filter: asked, count: 2 })).toSatisfy(isInProtocol)
      }),
      runs,
    )
  })

  test('to a sort, a page or a projection', async () => {
    const names = fc.constantFrom(
      'sortBy',
      'sortOrder',
      'startIndex',
      'count',
      'cursor',
      'attributes',
      'excludedAttributes',
    )
    const parameters = fc.dictionary(names, fc.oneof(path, text, fc.integer().map(String)), { maxKeys: 4 })
    await fc.assert(
      fc.asyncProperty(parameters, fc.constantFrom('/Users', '/Groups', '/'), async (asked, at) => {
        const query = Object.entries(asked).map(
          ([name, raw]) => `${name}=${encodeURIComponent(raw.toWellFormed())}`,
        )
        expect(await used.tenant.get(`${at}?${query.join('&')}`)).toSatisfy(isInProtocol)
      }),
      runs,
    )
  })

  test('to a body of POST or PUT', async () => {
    const name = fc.oneof(path, text)
    const body = fc.dictionary(name, value, { maxKeys: 6 })
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (more, isPut) => {
        const sent = { ...aUser(`fuzz-${(created += 1)}@example.com`), ...more }
        expect(
          isPut ? await used.tenant.put(`/Users/${user}`, sent) : await used.tenant.post('/Users', sent),
        ).toSatisfy(isInProtocol)
      }),
      runs,
    )
  })

  test('to operations of a PATCH, which are all done or none', async () => {
    const operation = fc.record(
      { op: fc.constantFrom('add', 'replace', 'remove', 'Add', 'move'), path: fc.oneof(path, text), value },
      { requiredKeys: ['op'] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 4 }),
        fc.constantFrom(
          () => `/Users/${user}`,
          () => `/Groups/${group}`,
        ),
        async (operations, at) => {
          const before = await used.tenant.get(at())
          const reply = await used.tenant.patch(at(), aPatch(...operations))
          expect(reply).toSatisfy(isInProtocol)
          const after = await used.tenant.get(at())
          expect(after.body).toEqual(reply.status === 200 ? reply.body : before.body)
        },
      ),
      runs,
    )
  })
})
