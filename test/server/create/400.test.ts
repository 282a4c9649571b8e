import { describe, expect, test } from 'vitest'

import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

describe('a body that is no JSON object in UTF-8', () => {
  test.for([
    ['empty', ''],
    ['cut off', '{"userName": "a'],
    ['no JSON', 'userName=a'],
    ['a list', '[]'],
    ['a text', '"user"'],
    ['null', 'null'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['nested without end', '['.repeat(100_000) + ']'.repeat(100_000)],
  ] as const)('C3: is refused as invalidSyntax: %s', async ([, raw]) => {
    for (const [method, path] of [
      ['POST', '/Users'],
      ['POST', '/Groups'],
      ['POST', '/Users/.search'],
      ['POST', '/.search'],
    ] as const)
      expect(await used.tenant.send(method, path, { raw })).toEqual(scimError(400, 'invalidSyntax'))
  })

  test('is refused by PUT and PATCH as well', async () => {
    const id = await used.tenant.create('/Users', aUser('body@example.com'))
    for (const method of ['PUT', 'PATCH'])
      expect(await used.tenant.send(method, `/Users/${id}`, { raw: '{' })).toEqual(
        scimError(400, 'invalidSyntax'),
      )
  })
})

describe('a value that cannot be stored', () => {
  test.for([
    ['no userName', {}],
    ['an empty userName', { userName: '' }],
    ['a blank displayName of a wrong type', { userName: 'a', displayName: { deep: true } }],
    ['a NUL character', { userName: 'nul\u0000@example.com' }],
    ['half a surrogate pair', { userName: 'half\ud83d@example.com' }],
    ['active that is neither true nor false', { userName: 'a', active: 'perhaps' }],
  ] as const)('C3: is refused as invalidValue: %s', async ([, body]) => {
    const raw = JSON.stringify(body)
    expect(await used.tenant.send('POST', '/Users', { raw })).toEqual(scimError(400, 'invalidValue'))
  })

  test('half a surrogate pair or a NUL in an attribute that nobody knows does no harm', async () => {
    const raw = String.raw`{"userName": "harmless@example.com", "x": "\ud83d", "y\u0000": {"z": "\u0000"}}`
    expect((await used.tenant.send('POST', '/Users', { raw })).status).toBe(201)
  })

  test('names of the JavaScript language are names like others', async () => {
    const raw =
      '{"userName":"proto@example.com","__proto__":{"active":false},"constructor":{"x":1},"toString":"x"}'
    const reply = await used.tenant.send('POST', '/Users', { raw })
    expect(reply.status).toBe(201)
    expect(reply.body).not.toHaveProperty('active')
  })
})

test('every refusal is one log line that says who, where and why', async () => {
  const reply = await used.tenant.post('/Users', aUser('log@example.com', { active: 'perhaps' }))
  const lines = used.server.log.filter((line) => line['requestId'] === reply.headers['x-request-id'])
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      msg: 'request refused',
      tenant: used.tenant.slug,
      tokenId: used.tenant.token.slice(6, 18),
      method: 'POST',
      status: 400,
      scimType: 'invalidValue',
      attributePath: 'active',
      reason: expect.stringContaining('active'),
    }),
  ])
})
