import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import { StaleEpochError, takeEpoch } from '#directory/owner.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { revocationCounter } from '#directory/tenants.ts'
import {
  digestOf,
  macOf,
  mintToken,
  newTokenId,
  recordIsAuthentic,
  type TokenRecord,
} from '#directory/token.ts'
import {
  putTokens,
  recordTokenUse,
  removeTokens,
  tokenAnywhere,
  tokenByDigest,
  tokenById,
  tokensOf,
} from '#directory/tokens.ts'
import { newTenant, opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

const pepper = { kid: 'k1', key: randomBytes(32) }
const ring = { find: (kid: string) => (kid === pepper.kid ? pepper : undefined) }

function aToken(tenantId: TenantId, changes: Partial<TokenRecord> = {}): TokenRecord {
  const id = newTokenId(randomBytes(16))
  const unsealed = {
    tenantId,
    id,
    keyId: pepper.kid,
    digest: digestOf(pepper, tenantId, mintToken({ id, random: randomBytes(32) })),
    scope: 'provision' as const,
    reader: null,
    notBefore: new Date('2026-11-22T10:00:00.123Z'),
    expires: new Date('2027-05-21T10:00:00Z'),
    retires: null,
    revoked: null,
    created: new Date('2026-11-22T10:00:00Z'),
    ...changes,
  }
  return { ...unsealed, mac: macOf(pepper, unsealed), lastUsed: null }
}

test('a token that was put is found by id and by digest in its tenant, by id anywhere, and is still authentic', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const tenant = newTenant()
  const token = aToken(tenant.id)
  await putTokens(await takeEpoch(directory), tenant.id, [token, aToken(tenant.id)])
  for (const found of [
    await tokenById(app, tenant.id, token.id),
    await tokenByDigest(app, tenant.id, token.digest),
    await tokenAnywhere(app, token.id),
  ]) {
    expect(found).toEqual(token)
    expect(found !== undefined && recordIsAuthentic(ring, found)).toBe(true)
  }
  expect(await tokensOf(directory, tenant.id)).toHaveLength(2)
})

test('a token is found by exact id only, and in another tenant neither by id nor by digest', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const [tenant, other] = [newTenant(), newTenant()]
  const token = aToken(tenant.id)
  await putTokens(await takeEpoch(directory), tenant.id, [token])
  expect(await tokenById(app, other.id, token.id)).toBeUndefined()
  expect(await tokenByDigest(app, other.id, token.digest)).toBeUndefined()
  for (const wrong of ['', '%', token.id.slice(0, 11), `${token.id}%`, ` ${token.id}`]) {
    expect(await tokenAnywhere(app, wrong)).toBeUndefined()
  }
})

test('a token id of one tenant cannot be given to another', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const [tenant, other] = [newTenant(), newTenant()]
  const token = aToken(tenant.id)
  await putTokens(owner, tenant.id, [token])
  await expect(putTokens(owner, other.id, [{ ...token, tenantId: other.id }])).rejects.toThrow('token_tenant')
  await expect(putTokens(owner, other.id, [token])).rejects.toThrow(TypeError)
})

test('writing or removing a token moves the revocation counter, using one or writing it again does not', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = newTenant()
  const token = aToken(tenant.id)
  const moved = async (write: () => Promise<unknown>): Promise<boolean> => {
    const before = await revocationCounter(app)
    await write()
    return (await revocationCounter(app)) !== before
  }
  expect(await moved(() => putTokens(owner, tenant.id, [token]))).toBe(true)
  expect(await moved(() => putTokens(owner, tenant.id, [token]))).toBe(false)
  expect(await moved(() => recordTokenUse(app, tenant.id, token.id, '2026-11-22'))).toBe(false)
  const revoked = aToken(tenant.id, {
    id: token.id,
    digest: token.digest,
    revoked: new Date('2026-11-23T00:00:00Z'),
  })
  expect(await moved(() => putTokens(owner, tenant.id, [revoked]))).toBe(true)
  expect(await tokenById(app, tenant.id, token.id)).toMatchObject({
    revoked: revoked.revoked,
    lastUsed: new Date('2026-11-22'),
  })
  expect(await moved(() => removeTokens(owner, tenant.id, [token.id]))).toBe(true)
  expect(await tokenById(app, tenant.id, token.id)).toBeUndefined()
  expect(await tokenAnywhere(app, token.id)).toBeUndefined()
})

test('a token revoked by hand in the database moves the revocation counter and is no longer authentic', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const tenant = newTenant()
  const token = aToken(tenant.id)
  await putTokens(await takeEpoch(directory), tenant.id, [token])
  const before = await revocationCounter(app)
  await withClient(directory, (query) => query('update token set revoked = now() where id = $1', [token.id]))
  expect(await revocationCounter(app)).not.toBe(before)
  const found = await tokenById(app, tenant.id, token.id)
  expect(found !== undefined && recordIsAuthentic(ring, found)).toBe(false)
})

test('the last use of a token never goes back, and servers may change nothing else of it', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const tenant = newTenant()
  const token = aToken(tenant.id)
  await putTokens(await takeEpoch(directory), tenant.id, [token])
  await recordTokenUse(app, tenant.id, token.id, '2026-11-22')
  await recordTokenUse(app, tenant.id, token.id, '2026-11-20')
  expect(await tokenById(app, tenant.id, token.id)).toMatchObject({ lastUsed: new Date('2026-11-22') })
  for (const column of ['expires', 'revoked', 'digest', 'mac', 'scope']) {
    await expect(
      withClient(app, (query) =>
        query(`update token set ${column} = null where tenant_id = $1`, [tenant.id]),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  }
})

test('a leader whose epoch is over writes and removes no token', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const old = await takeEpoch(directory)
  const tenant = newTenant()
  const token = aToken(tenant.id)
  await putTokens(old, tenant.id, [token])
  await takeEpoch(directory)
  await expect(putTokens(old, tenant.id, [aToken(tenant.id)])).rejects.toThrow(StaleEpochError)
  await expect(removeTokens(old, tenant.id, [token.id])).rejects.toThrow(StaleEpochError)
  expect(await tokensOf(directory, tenant.id)).toEqual([token])
})
