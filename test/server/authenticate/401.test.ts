import { randomBytes } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { mintToken } from '#directory/token.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { sendTo } from '#test/kit/server.ts'
import type { TokenFacts } from '#test/kit/server.ts'
import { asAdmin } from '#test/kit/test-server.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const minutesFromNow = (minutes: number): Date => new Date(Date.now() + minutes * 60_000)
const usersWith = (headers: Readonly<Record<string, string>>) =>
  used.tenant.send('GET', '/Users', { token: null, headers })

describe('tokens that open the tenant', () => {
  test.for(['Bearer ', 'bearer ', 'BEARER  ', ''])(
    'the Authorization header may begin with %j',
    async (scheme) => {
      const reply = await usersWith({ authorization: scheme + used.tenant.token })
      expect(reply.status).toBe(200)
    },
  )

  test('a token that was brought along, without our prefix, opens its tenant', async () => {
    const text = randomBytes(24).toString('hex')
    await used.server.newToken(used.tenant.id, { text })
    expect((await usersWith({ authorization: `Bearer ${text}` })).status).toBe(200)
  })

  test('both tokens open the tenant during the overlap of a rotation', async () => {
    const old = await used.server.newToken(used.tenant.id, { retires: minutesFromNow(5) })
    const fresh = await used.server.newToken(used.tenant.id)
    expect((await usersWith({ authorization: old })).status).toBe(200)
    expect((await usersWith({ authorization: fresh })).status).toBe(200)
  })
})

describe('tokens that do not', () => {
  test('D7: without a token the challenge has no error code, as nothing was wrong yet', async () => {
    const reply = await usersWith({})
    expect(reply).toEqual(scimError(401))
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="scim"')
  })

  const refused: readonly (readonly [string, TokenFacts])[] = [
    ['that begins in a minute', { notBefore: minutesFromNow(1) }],
    ['that has expired', { expires: minutesFromNow(-1) }],
    ['whose overlap has ended', { retires: minutesFromNow(-1) }],
    ['that was revoked', { revoked: minutesFromNow(-1) }],
    ['of scope read', { scope: 'read' }],
    ['under a pepper that is gone', { keyId: 'gone', digest: `v1.hs256.gone.${'A'.repeat(43)}` }],
  ]
  test.for(refused)('a token %s is refused in the same words as any other', async ([, facts]) => {
    const token = await used.server.newToken(used.tenant.id, facts)
    const reply = await usersWith({ authorization: `Bearer ${token}` })
    expect(reply).toEqual(scimError(401))
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="scim", error="invalid_token"')
    const unknown = await usersWith({ authorization: `Bearer ${'x'.repeat(40)}` })
    expect(reply.text).toBe(unknown.text)
  })

  test.for([
    ['with a wrong checksum', (): string => `${used.tenant.token.slice(0, -1)}~`],
    ['with a wrong secret and a right checksum', (): string => forged(used.tenant.token)],
    ['with an id that nobody has', (): string => mintToken({ id: 'A'.repeat(12), random: randomBytes(32) })],
    ['that is too short to be one', (): string => 'secret'],
    ['that is a thousand characters too long', (): string => 'x'.repeat(2000)],
  ] as const)('a token %s is refused', async ([, make]) => {
    expect(await usersWith({ authorization: `Bearer ${make()}` })).toEqual(scimError(401))
  })

  test('another scheme is refused', async () => {
    expect(await usersWith({ authorization: `Basic ${used.tenant.token}` })).toEqual(scimError(401))
  })

  test('the token of another tenant is refused like a bad one', async () => {
    const other = await used.server.newTenant()
    const foreign = await usersWith({ authorization: `Bearer ${other.token}` })
    const bad = await usersWith({ authorization: 'Bearer nonsense' })
    expect(foreign).toEqual(scimError(401))
    expect(foreign.text).toBe(bad.text)
  })

  test('a row whose dates were extended by hand no longer fits its MAC', async () => {
    const token = await used.server.newToken(used.tenant.id, { expires: minutesFromNow(-1) })
    await asAdminOf(`update token set expires = now() + interval '1 day' where id = '${token.slice(6, 18)}'`)
    expect(await usersWith({ authorization: token })).toEqual(scimError(401))
  })

  test('a token that is revoked closes without a restart, also where it was in use', async () => {
    const token = await used.server.newToken(used.tenant.id)
    expect((await usersWith({ authorization: token })).status).toBe(200)
    await asAdminOf(`delete from token where id = '${token.slice(6, 18)}'`)
    await expect
      .poll(async () => (await usersWith({ authorization: token })).status, { interval: 100 })
      .toBe(401)
  })

  test('unknown paths and methods say nothing without a token', async () => {
    for (const [method, path] of [
      ['GET', '/Nothing'],
      ['TRACE', '/Users'],
      ['POST', '/Bulk'],
      ['GET', '/Schemas'],
    ] as const)
      expect(await sendTo(used.tenant.baseURL + path, method)).toEqual(scimError(401))
  })
})

describe('what the token leaves behind', () => {
  test('the day of its last use is recorded', async () => {
    const token = await used.server.newToken(used.tenant.id)
    await usersWith({ authorization: token })
    const today = new Date().toISOString().slice(0, 10)
    await expect
      .poll(() => used.server.lastUseOf(used.tenant.id, token.slice(6, 18)), { interval: 200 })
      .toBe(today)
  })

  test('no part of a secret appears in the log', async () => {
    await usersWith({ authorization: `Bearer ${forged(used.tenant.token)}` })
    const text = JSON.stringify(used.server.log)
    expect(text).not.toContain(used.tenant.token.slice(19, 40))
  })
})

/** The same id with another secret. */
const forged = (token: string): string => mintToken({ id: token.slice(6, 18), random: randomBytes(32) })

/** As superuser, past row-level security and past the product. */
const asAdminOf = (statement: string): Promise<void> => asAdmin(used.db.adminUrl, statement)
