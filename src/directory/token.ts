/**
 * What a token is made of: its format, its checksum, the digest that is stored instead of it, and the MAC that
 * guards its record. Pure: no database, no clock, randomness is an argument.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Keyring, Pepper } from '#platform/pepper.ts'
import type { TenantId } from './tenant-scope.ts'

export type { Keyring, Pepper } from '#platform/pepper.ts'

/** A token as it is stored, in the row and in the Secret: never its text. */
export interface TokenRecord {
  readonly tenantId: TenantId
  readonly id: string
  /** The pepper of `digest`. */
  readonly keyId: string
  readonly digest: string
  /** Over every field but itself and `lastUsed`, by `macOf`. */
  readonly mac: string
  readonly scope: 'provision' | 'read'
  /** Name of the reader in the spec, null for the identity provider's token. */
  readonly reader: string | null
  readonly notBefore: Date
  readonly expires: Date | null
  /** End of the overlap after a rotation. */
  readonly retires: Date | null
  readonly revoked: Date | null
  readonly created: Date
  /** Midnight UTC of the day of the last request. */
  readonly lastUsed: Date | null
}

export const tokenPrefix = 'scimt_'

/** For secret scanners and for `kubectl get secret` output: prefix, 12 characters id, 43 secret, 6 checksum. */
export const tokenPattern = /\bscimt_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b/

const wholeToken = /^(scimt_([0-9A-Za-z]{12})_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idLength = 12
const secretLength = 43
const checksumLength = 6
const secretBytes = 32
/** 62^12 is 71 bits: 16 bytes leave no digit visibly more likely. */
const idBytes = 16

/**
 * A token id out of at least 16 random bytes, or of a hash where it must come out the same again after a crash.
 * It is public: it appears in Secret labels, status and logs.
 */
export function newTokenId(bytes: Uint8Array): string {
  if (bytes.length < idBytes) throw new RangeError(`A token id needs ${idBytes} bytes`)
  return base62(bytes, idLength)
}

/** The text of a token: `scimt_<id>_<secret><checksum>`. `random` is 32 bytes from a secure source. */
export function mintToken(parts: { readonly id: string; readonly random: Uint8Array }): string {
  if (parts.random.length !== secretBytes) throw new RangeError(`A token needs ${secretBytes} random bytes`)
  const text = `${tokenPrefix}${parts.id}_${base62(parts.random, secretLength)}`
  const token = text + checksumOf(text)
  if (!wholeToken.test(token)) throw new RangeError('A token id has 12 characters of 0-9, A-Z, a-z')
  return token
}

/** The id in a token, or undefined when the text has not the format or its checksum is wrong: a typing error. */
export function tokenIdOf(text: string): string | undefined {
  const [, body, id, checksum] = wholeToken.exec(text) ?? []
  return body !== undefined && checksumOf(body) === checksum ? id : undefined
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return base62(bytes, checksumLength)
}

/** The bytes as a big-endian number in base 62, its last `length` digits. */
function base62(bytes: Uint8Array, length: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  while (text.length < length) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}

/**
 * What is stored of a token: `v1.hs256.<kid>.<base64url>`, HMAC-SHA-256 over tenant id, a zero byte and the token.
 * A fast hash is enough for 256 random bits. The pepper keeps somebody who can write the row or the Secret from
 * planting the hash of a token that he knows; the tenant id keeps a copied hash from opening another tenant.
 */
export function digestOf(pepper: Pepper, tenantId: TenantId, token: string): string {
  return sealed(pepper, `${tenantId}\0${token}`)
}

/** The MAC over a record: an extended date or a digest moved to another record no longer fits it. */
export function macOf(pepper: Pepper, record: Omit<TokenRecord, 'mac' | 'lastUsed'>): string {
  // A digest's input begins with a uuid, this one does not: neither can be passed off as the other.
  const fields = [
    'token-record',
    record.tenantId,
    record.id,
    record.keyId,
    record.digest,
    record.scope,
    record.reader,
    ...[record.notBefore, record.expires, record.retires, record.revoked, record.created].map(
      (instant) => instant?.getTime() ?? null,
    ),
  ]
  return sealed(pepper, JSON.stringify(fields))
}

/** True if the record is as it was written by someone who holds the pepper that its MAC names. */
export function recordIsAuthentic(keyring: Pick<Keyring, 'find'>, record: TokenRecord): boolean {
  const pepper = keyring.find(keyIdOf(record.mac) ?? '')
  if (pepper === undefined) return false
  const expected = Buffer.from(macOf(pepper, record))
  const actual = Buffer.from(record.mac)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** The key id in a digest or MAC, undefined if the text is neither. */
export function keyIdOf(sealedText: string): string | undefined {
  return /^v1\.hs256\.([^.]+)\.[\w-]{43}$/.exec(sealedText)?.[1]
}

function sealed(pepper: Pepper, text: string): string {
  return `v1.hs256.${pepper.kid}.${createHmac('sha256', pepper.key).update(text).digest('base64url')}`
}
