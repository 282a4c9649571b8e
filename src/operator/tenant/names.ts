/** Names of everything that belongs to an integration; each is a function of its name and uid, so none is stored. */
import { createHash } from 'node:crypto'

import { newTokenId } from '#directory/token.ts'

export const managedLabel = 'scim-operator.io/managed'
export const integrationLabel = 'scim-operator.io/integration'
export const tokenIdLabel = 'scim-operator.io/token-id'

export const acknowledgedAnnotation = 'scim-operator.io/acknowledged'
export const deliveryMacAnnotation = 'scim-operator.io/delivery-mac'
/** On the hash Secret: which rotation requests are done, as JSON by reader (the identity provider's is ''). */
export const rotationsAnnotation = 'scim-operator.io/rotations'
export const pausedAnnotation = 'scim-operator.io/paused'
export const pokeAnnotation = 'scim-operator.io/reconcile-requested-at'
export const specHashAnnotation = 'scim-operator.io/spec-hash'

export const tenantFinalizer = 'scim-operator.io/tenant'
export const policyFinalizer = 'scim-operator.io/policy'
export const fieldManager = 'scim-operator'

/** Who the names are made for: the custom resource. */
export interface Owner {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Tells apart an object and its successor of the same name. */
function shortHash(uid: string): string {
  return sha256(uid).toString('hex').slice(0, 8)
}

/** The default of `status.tenantID`: `<slug of the name, at most 31>-<first 8 of base32(sha256(uid))>`. */
export function defaultTenantSlug({ name, uid }: Owner): string {
  const slug = name.replaceAll('.', '-').slice(0, 31).replace(/-+$/, '')
  return `${slug}-${base32(sha256(uid), 8)}`
}

export function hashSecretName({ name }: Owner): string {
  return `${name}-scim-token`
}

export function routeName({ name }: Owner): string {
  return `${name}-scim`
}

/** Where token `sequence` of a purpose is handed over. Token ids have capitals, so they cannot be in the name. */
export function deliverySecretName(owner: Owner, reader: string | null, sequence: number): string {
  const purpose = reader === null ? 'token' : `reader-${reader}`
  return `${owner.name}-${shortHash(owner.uid)}-${purpose}-${sequence}`
}

/** Enough for one rotation an hour over 27 years. */
const sequenceDigits = 3
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * The id of the n-th token of a purpose: nine characters that depend on uid, purpose and n, and three that are n
 * itself. The same n gives the same id after a crash, and any record says how many tokens came before it.
 */
export function tokenIdFor(uid: string, reader: string | null, sequence: number): string {
  const hash = newTokenId(sha256(`${uid}\0${reader ?? ''}\0${sequence}`))
  let count = ''
  for (let rest = sequence; count.length < sequenceDigits; rest = Math.floor(rest / 62)) {
    count = base62.charAt(rest % 62) + count
  }
  return hash.slice(sequenceDigits) + count
}

/** n of a token id; 0 for a text that is no id of ours. */
export function sequenceOf(tokenId: string): number {
  if (!/^[0-9A-Za-z]{12}$/.test(tokenId)) return 0
  let sequence = 0
  for (const digit of tokenId.slice(-sequenceDigits)) sequence = sequence * 62 + base62.indexOf(digit)
  return sequence
}

/** RFC 4648 base32 in lower case: letters and 2-7, so it fits a DNS label. */
function base32(bytes: Buffer, length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  let bits = 0n
  for (const byte of bytes.subarray(0, 8)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let place = 0; place < length; place += 1) {
    text += alphabet.charAt(Number((bits >> BigInt(59 - 5 * place)) & 31n))
  }
  return text
}
