/** Bearer token to token record, or one 401 that never says why (RFC 6750). */

import { hash, timingSafeEqual } from 'node:crypto'

import type { Directory } from '#directory/database.ts'
import { tenantIdOf } from '#directory/tenant-scope.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import { digestOf, recordIsAuthentic, tokenIdOf, tokenPrefix } from '#directory/token.ts'
import type { Keyring } from '#directory/token.ts'
import { tokenKeyIds } from '#directory/token-keys.ts'
import { tokenAnywhere, tokenByDigest, tokenById } from '#directory/tokens.ts'
import type { TokenRecord } from '#directory/tokens.ts'

import { createCache } from './cache.ts'
import type { CacheOptions } from './cache.ts'
import { Refusal } from './refusal.ts'

export interface Authenticator {
  /** The live token of this tenant with scope `provision`; throws 401. */
  provisioner(tenantId: TenantId, authorization: string | undefined): Promise<TokenRecord>
  /** The live token of any tenant with scope `read`: it names its tenant. Throws 401. */
  reader(authorization: string | undefined): Promise<TokenRecord>
  flush(): void
}

export interface AuthenticatorOptions {
  readonly directory: Directory
  readonly keyring: Keyring
  readonly cache: CacheOptions
  /** Milliseconds since 1970. */
  readonly now: () => number
}

type Find = (text: string) => Promise<TokenRecord | undefined>

/** A token that people bring along has at least this many characters; anything longer than the second is no token. */
const shortestToken = 32
const longestToken = 1024

export const createAuthenticator = (options: AuthenticatorOptions): Authenticator => {
  const { directory, keyring } = options
  const verified = createCache<TokenRecord | undefined>(options.cache)

  /** Remembered under the hash of the token, so that no table of plain tokens lies in memory. */
  const live = async (
    authorization: string | undefined,
    realm: string,
    scope: TokenRecord['scope'],
    find: Find,
  ): Promise<TokenRecord> => {
    const text = credentialsIn(authorization)
    const record =
      text === undefined
        ? undefined
        : await verified.get(`${realm} ${hash('sha256', text, 'base64')}`, () => find(text))
    if (record === undefined || record.scope !== scope || !isLive(record, options.now()))
      throw unauthenticated(text !== undefined)
    return record
  }

  return {
    provisioner: (tenantId, authorization) =>
      live(authorization, tenantId, 'provision', (text) => findInTenant(directory, keyring, tenantId, text)),
    reader: (authorization) =>
      live(authorization, 'anywhere', 'read', (text) => findAnywhere(directory, keyring, text)),
    flush: () => verified.flush(),
  }
}

/**
 * The credentials of `Bearer <token>` in any case, or of a bare token: Okta sends the text of its field as it is.
 * Another scheme has a space in it, and no token has.
 */
export const credentialsIn = (authorization: string | undefined): string | undefined => {
  if (authorization === undefined) return undefined
  const text = authorization.trim()
  const bearer = /^bearer +(\S+)$/i.exec(text)
  if (bearer !== null) return bearer[1]
  return text === '' || /\s/.test(text) ? undefined : text
}

const findInTenant = async (
  directory: Directory,
  keyring: Keyring,
  tenantId: TenantId,
  text: string,
): Promise<TokenRecord | undefined> => {
  if (text.startsWith(tokenPrefix)) {
    const id = tokenIdOf(text)
    // A typing error fails the checksum and costs no I/O.
    return id === undefined
      ? undefined
      : proven(keyring, tenantId, text, await tokenById(directory, tenantId, id))
  }
  if (text.length < shortestToken || text.length > longestToken) return undefined
  // A token that was brought along has no id in it: it is looked for under each pepper that the tenant's tokens have.
  for (const keyId of await tokenKeyIds(directory, tenantId)) {
    const pepper = keyring.find(keyId)
    if (pepper === undefined) continue
    const record = await tokenByDigest(directory, tenantId, digestOf(pepper, tenantId, text))
    if (record !== undefined) return proven(keyring, tenantId, text, record)
  }
  return undefined
}

const findAnywhere = async (
  directory: Directory,
  keyring: Keyring,
  text: string,
): Promise<TokenRecord | undefined> => {
  const id = text.startsWith(tokenPrefix) ? tokenIdOf(text) : undefined
  if (id === undefined) return undefined
  const record = await tokenAnywhere(directory, id)
  return proven(keyring, record?.tenantId ?? nobody, text, record)
}

const nobody = tenantIdOf('00000000-0000-0000-0000-000000000000')

/**
 * The record, if its digest is that of the text and its fields are as the operator wrote them. An unknown id takes
 * as long as a wrong secret: a digest is made and compared in both cases.
 */
const proven = (
  keyring: Keyring,
  tenantId: TenantId,
  text: string,
  record: TokenRecord | undefined,
): TokenRecord | undefined => {
  const pepper = (record === undefined ? undefined : keyring.find(record.keyId)) ?? keyring.current()
  const made = Buffer.from(digestOf(pepper, tenantId, text))
  const kept = record === undefined ? made.map((byte) => byte ^ 1) : Buffer.from(record.digest)
  const isEqual = kept.length === made.length && timingSafeEqual(kept, made)
  return isEqual && record !== undefined && recordIsAuthentic(keyring, record) ? record : undefined
}

const isLive = (record: TokenRecord, now: number): boolean =>
  record.revoked === null &&
  record.notBefore.getTime() <= now &&
  (record.expires === null || now < record.expires.getTime()) &&
  (record.retires === null || now < record.retires.getTime())

/** RFC 6750 section 3.1: no error code where no credentials were sent. The words are the same for every cause. */
const unauthenticated = (hasCredentials: boolean): Refusal =>
  new Refusal(401, 'A valid bearer token of this integration is required.', {
    headers: {
      'www-authenticate': hasCredentials
        ? 'Bearer realm="scim", error="invalid_token"'
        : 'Bearer realm="scim"',
    },
  })
