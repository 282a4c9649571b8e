/** A token that people bring along in a Secret: what it must be, and why one is refused. Never quotes it. Pure. */

import { digestOf, tokenPrefix } from '#directory/token.ts'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { Keyring, TokenRecord } from '#directory/token.ts'

export type Provided =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'problem'; readonly message: string }

const leastLength = 32
const mostLength = 1024
const leastBits = 128
const leastDistinct = 10

/** RFC 6750 section 2.1: what can stand in an Authorization header. */
const bearer = /^[A-Za-z0-9\-._~+/]+=*$/

/** Checks the text of the Secret's key; `where` names it for messages (`key token of Secret okta`). */
export function checkProvided(text: string | undefined, where: string): Provided {
  if (text === undefined) return problem(`There is no ${where}.`)
  // An editor's newline at the end is nobody's intention.
  const token = text.replace(/\r?\n$/, '')
  if (token.startsWith(tokenPrefix))
    return problem(`The ${where} begins with ${tokenPrefix}, which is reserved.`)
  if (token.length > mostLength || !bearer.test(token)) {
    return problem(
      `The ${where} is no bearer token (RFC 6750: letters, digits and -._~+/, at most ${mostLength}).`,
    )
  }
  if (token.length < leastLength || new Set(token).size < leastDistinct || bitsOf(token) < leastBits) {
    return problem(`The ${where} is too easy to guess: at least ${leastLength} random characters are needed.`)
  }
  return { kind: 'token', token }
}

/** Whether the token is one that a record stands for already. */
export function isKnown(
  token: string,
  tenantId: TenantId,
  records: readonly TokenRecord[],
  keyring: Keyring,
): boolean {
  return records.some((record) => {
    const pepper = keyring.find(record.keyId)
    return pepper !== undefined && digestOf(pepper, tenantId, token) === record.digest
  })
}

/** Upper estimate of the entropy: length times the bits of the smallest usual alphabet that holds it. */
function bitsOf(token: string): number {
  const alphabets: readonly (readonly [RegExp, number])[] = [
    [/^[0-9]*$/, 10],
    [/^[0-9a-f]*$/, 16],
    [/^[0-9A-F]*$/, 16],
    [/^[0-9a-z]*$/, 36],
    [/^[0-9A-Z]*$/, 36],
  ]
  const size = alphabets.find(([alphabet]) => alphabet.test(token))?.[1] ?? 62
  return token.length * Math.log2(size)
}

function problem(message: string): Provided {
  return { kind: 'problem', message }
}
