import { randomUUID } from 'node:crypto'

import { beforeAll, describe, expect, test } from 'vitest'

import { aGroup, aPatch, aUser, urns } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import type { Reply, Send } from '#test/kit/server.ts'
import { useServer } from '#test/kit/use-server.ts'

// What is too long, too deep, too many or in odd characters: refused in the protocol's words, or kept as it is.
const used = useServer()
const unique = (): string => `${randomUUID()}@example.com`
const megabyte = 'm'.repeat(1_000_000)
let user = ''
let group = ''

beforeAll(async () => {
  user = await used.tenant.create('/Users', aUser(unique(), { title: 'Dr' }))
  group = await used.tenant.create('/Groups', aGroup(unique()))
})

const search = (filter: string): Promise<Reply> => used.tenant.post('/Users/.search', { filter })
const post = (raw: string | Buffer, headers: Send['headers'] = {}): Promise<Reply> =>
  used.tenant.send('POST', '/Users', { raw, headers })

const nestedBody = (depth: number): string =>
  `{"userName":"${unique()}","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

const manyOperations = (count: number): object =>
  aPatch(...Array.from({ length: count }, (_, n) => ({ op: 'add', path: 'title', value: `t${n}` })))

const removalBy = (filter: string): object => aPatch({ op: 'remove', path: `emails[${filter}]` })

const filterOf = (length: number): string => `userName eq "${'x'.repeat(length - 14)}"`

describe('the limit', () => {
  test('of a filter is 4,096 characters', async () => {
    expect((await search(filterOf(4096))).status).toBe(200)
    expect((await used.tenant.get(`/Users?filter=${encodeURIComponent(filterOf(4096))}`)).status).toBe(200)
    expect(await search(filterOf(4097))).toEqual(scimError(400, 'invalidFilter'))
    expect(await search(megabyte)).toEqual(scimError(400, 'invalidFilter'))
  })

  test.for([
    ['parentheses', (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`],
    ['not', (depth: number) => `${'not '.repeat(depth)}title pr`],
  ] as const)('of the depth of a filter is 50, by %s', async ([, nested]) => {
    expect((await search(nested(50))).status).toBe(200)
    expect(await search(nested(51))).toEqual(scimError(400, 'invalidFilter'))
  })

  test('of a filter in a PATCH path is the same', async () => {
    const deep = `${'('.repeat(51)}type pr${')'.repeat(51)}`
    for (const filter of [deep, `value eq "${'x'.repeat(5000)}"`])
      expect(await used.tenant.patch(`/Users/${user}`, removalBy(filter))).toEqual(
        scimError(400, 'invalidFilter'),
      )
  })

  test('of a PATCH is a thousand operations', async () => {
    expect((await used.tenant.patch(`/Users/${user}`, manyOperations(1000))).body.title).toBe('t999')
    const refused = await used.tenant.patch(`/Users/${user}`, manyOperations(1001))
    expect(refused).toEqual(scimError(413))
    expect(refused.body.detail).toContain('1000')
  })

  test('of the depth of a body is 32 levels, where everything that has a meaning fits', async () => {
    expect((await post(nestedBody(32))).status).toBe(201)
    for (const depth of [33, 10_000, 1_000_000])
      expect(await post(nestedBody(depth))).toEqual(scimError(400, 'invalidSyntax'))
  })

  test('of a body is 10 MiB, to the byte, and what fits is kept whole', async () => {
    const limit = 10 * 1024 * 1024
    const around = JSON.stringify(aUser(unique(), { title: '' }))
    const title = 'ü'.repeat((limit - around.length - (around.length % 2)) / 2)
    const raw = around.replace('"title":""', `"title":"${title}"`).padEnd(limit - title.length, ' ')
    expect(Buffer.byteLength(raw)).toBe(limit)
    const reply = await post(raw)
    expect(reply.status).toBe(201)
    expect((await used.tenant.get(`/Users/${reply.body.id}`)).body.title).toBe(title)
    const refused = await post(`${raw} `)
    expect(refused).toEqual(scimError(413))
    expect(refused.body.detail).toContain(String(limit))
  })
})

describe('a text of a megabyte', () => {
  test.for(['title', 'nickName'])('is kept whole: %s', async (name) => {
    const reply = await used.tenant.post('/Users', aUser(unique(), { [name]: megabyte }))
    expect((await used.tenant.get(`/Users/${reply.body.id}`)).body[name]).toBe(megabyte)
  })

  test.for<[string, (text: string) => object]>([
    ['userName', (text) => ({ userName: text })],
    ['displayName', (text) => aUser(unique(), { displayName: text })],
    ['externalId', (text) => aUser(unique(), { externalId: text })],
    ['emails.value', (text) => aUser(unique(), { emails: [{ value: text }] })],
    ['emails.type', (text) => aUser(unique(), { emails: [{ value: 'a', type: text }] })],
  ])('is refused as invalidValue where it would be an index key, in every verb: %s', async ([, body]) => {
    // From just over the limit up to where Postgres, too, would notice; and what only folding makes too long.
    for (const text of ['k'.repeat(2049), 'k'.repeat(2700), 'ﷺ'.repeat(200), megabyte]) {
      const refused = scimError(400, 'invalidValue')
      expect(await used.tenant.post('/Users', body(text))).toEqual(refused)
      expect(await used.tenant.put(`/Users/${user}`, body(text))).toEqual(refused)
      expect(await used.tenant.patch(`/Users/${user}`, aPatch({ op: 'add', value: body(text) }))).toEqual(
        refused,
      )
    }
  })

  test('is refused as the name or a member of a group, and harmless as a key, a path or an operand', async () => {
    expect(await used.tenant.post('/Groups', aGroup(megabyte))).toEqual(scimError(400, 'invalidValue'))
    expect(await used.tenant.post('/Groups', aGroup(unique(), [megabyte]))).toEqual(
      scimError(400, 'invalidValue'),
    )
    const add = aPatch({ op: 'add', path: 'members', value: [{ value: megabyte }] })
    expect(await used.tenant.patch(`/Groups/${group}`, add)).toEqual(scimError(400, 'invalidValue'))
    expect((await used.tenant.post('/Users', aUser(unique(), { [megabyte]: megabyte }))).status).toBe(201)
    const manager = { [urns.enterprise]: { manager: { value: megabyte } } }
    expect((await used.tenant.post('/Users', aUser(unique(), manager))).status).toBe(201)
    expect((await used.tenant.post('/Users/.search', { sortBy: megabyte })).status).toBe(400)
    expect((await used.tenant.post('/Users/.search', { attributes: [megabyte], count: 1 })).status).toBe(200)
  })

  test('is not told back in a refusal, nor written to the log', async () => {
    const paths = [`${megabyte}[`, `emails[value eq "x"].${megabyte}]`, `${megabyte} ${megabyte}`]
    for (const path of paths) {
      const reply = await used.tenant.patch(`/Users/${user}`, aPatch({ op: 'replace', path, value: 'x' }))
      expect(reply.status).toBe(400)
      expect(reply.text.length).toBeLessThan(2000)
    }
    expect((await used.tenant.post('/Users/.search', { sortBy: megabyte })).text.length).toBeLessThan(2000)
    const longest = Math.max(...used.server.log.map((line) => JSON.stringify(line).length))
    expect(longest).toBeLessThan(10_000)
  })
})

describe('odd characters', () => {
  const odd = ['\u0000', 'a\u0000b', '\ud83d', '\udc00x', 'x\ud83d']

  test.for(odd)(
    'that no text may hold are refused as invalidValue wherever they would be stored: %j',
    async (text) => {
      const refused = scimError(400, 'invalidValue')
      const bodies = [
        aUser(`${text}${unique()}`),
        aUser(unique(), { title: text }),
        aUser(unique(), { externalId: text }),
        aUser(unique(), { emails: [{ value: text }] }),
        aUser(unique(), { name: { givenName: text } }),
        aUser(unique(), { [urns.enterprise]: { manager: { value: text } } }),
      ]
      for (const body of bodies) {
        expect(await used.tenant.post('/Users', body)).toEqual(refused)
        expect(await used.tenant.put(`/Users/${user}`, body)).toEqual(refused)
        expect(await used.tenant.patch(`/Users/${user}`, aPatch({ op: 'add', value: body }))).toEqual(refused)
      }
      expect(await used.tenant.post('/Groups', aGroup(unique(), [text]))).toEqual(refused)
      const member = aPatch({ op: 'add', path: 'members', value: [{ value: text }] })
      expect(await used.tenant.patch(`/Groups/${group}`, member)).toEqual(refused)
    },
  )

  test.for(odd)('in a question are a refusal or find nothing: %j', async (text) => {
    expect(await search(`title eq ${JSON.stringify(text)}`)).toEqual(scimError(400, 'invalidFilter'))
    const path = `members[value eq ${JSON.stringify(text)}]`
    expect((await used.tenant.patch(`/Groups/${group}`, aPatch({ op: 'remove', path }))).status).toBe(400)
    for (const body of [{ sortBy: text }, { cursor: text }, { filter: text }, { count: text }])
      expect((await used.tenant.post('/Users/.search', body)).status).toBe(400)
    const operations = [
      { method: 'DELETE', path: `/Users/${text}` },
      { method: text, path: text, bulkId: text },
    ]
    const { body } = await used.tenant.post('/Bulk', { Operations: operations })
    expect(body.Operations).toMatchObject([{ status: '404' }, { status: '400', bulkId: text }])
  })

  test.for(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__.active'])(
    'of the JavaScript language are names like others: %s',
    async (name) => {
      const raw = `{"userName":"${unique()}","${name}":{"active":false,"x":[1]},"name":{"${name}":"x"}}`
      const reply = await post(raw)
      expect(reply.status).toBe(201)
      expect(Object.keys(reply.body).toSorted()).toEqual(['id', 'meta', 'schemas', 'userName'])
      const patch = aPatch({ op: 'add', path: name, value: { active: false } }, { op: 'remove', path: name })
      expect([200, 400]).toContain((await used.tenant.patch(`/Users/${reply.body.id}`, patch)).status)
      expect((await used.tenant.get(`/Users/${reply.body.id}`)).body).toEqual(reply.body)
      expect(await search(`${name} pr`)).toEqual(scimError(400, 'invalidFilter'))
      expect((await used.tenant.get(`/Users?sortBy=${name}`)).status).toBe(400)
      for (const path of ['/Schemas', '/ResourceTypes', '/Users', ''])
        expect(await used.tenant.get(`${path}/${name}`)).toEqual(scimError(404))
      expect({}).not.toHaveProperty('active')
    },
  )

  test('in a body with a name twice: the last one counts, in the answer as in what is stored', async () => {
    const [first, second] = [unique(), unique()]
    const reply = await post(
      `{"userName":"${first}","title":"a","TITLE":"b","title":"c","userName":"${second}"}`,
    )
    expect(reply.status).toBe(201)
    expect(reply.body.userName).toBe(second)
    expect((await used.tenant.get(`/Users/${reply.body.id}`)).body).toEqual(reply.body)
  })

  test.for([
    ['UTF-16', Buffer.from('{"userName":"x"}', 'utf16le')],
    ['Latin-1', Buffer.from('{"userName":"zoë"}', 'latin1')],
    ['overlong UTF-8', Buffer.from([...Buffer.from('{"userName":"'), 0xc0, 0x80, ...Buffer.from('"}')])],
    [
      'surrogates in UTF-8',
      Buffer.from([...Buffer.from('{"userName":"'), 0xed, 0xa0, 0xbd, ...Buffer.from('"}')]),
    ],
    ['UTF-8 that is cut off', Buffer.from('{"userName":"zoë').subarray(0, -1)],
  ] as const)('in a body of %s are invalidSyntax', async ([, raw]) => {
    expect(await post(raw)).toEqual(scimError(400, 'invalidSyntax'))
  })

  test('of a byte order mark before the body are nothing', async () => {
    expect((await post(`\uFEFF${JSON.stringify(aUser(unique()))}`)).status).toBe(201)
  })
})
