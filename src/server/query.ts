/** The query string, parsed in this one place (in Express 5 `req.query` is a getter that nobody can correct). */

import { ScimError } from '#scim/errors.ts'

/** Parameters by lower-case name: `startindex` and `startIndex` are one. The first of equal names counts. */
export type Query = ReadonlyMap<string, string>

const none: Query = new Map()

/** Throws 400 `invalidValue` for what is no percent-encoded UTF-8. Empty pairs (`?a=1&`, `?`) are nothing. */
export const parseQuery = (text: string): Query => {
  if (text === '') return none
  const query = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals)).toLowerCase()
    if (!query.has(name)) query.set(name, equals === -1 ? '' : decode(withSpaces(pair.slice(equals + 1))))
  }
  return query
}

/**
 * `+` is a space in forms (OneLogin) and a plus in URLs. How the client wrote the spaces before the first quote
 * tells which it means, so that `userName%20eq%20"a+b@example.com"` keeps its plus.
 */
const withSpaces = (value: string): string => {
  if (!value.includes('+')) return value
  const quote = value.search(/%22|"/)
  const opening = quote === -1 ? value : value.slice(0, quote)
  return quote !== -1 && opening.includes('%20') && !opening.includes('+')
    ? value
    : value.replaceAll('+', ' ')
}

const decode = (text: string): string => {
  if (!text.includes('%')) return text
  const decoded = percentDecoded(text)
  // No stored text holds NUL, and Postgres refuses to be asked for one.
  if (decoded.includes('\0')) throw invalid('The query string holds a NUL character.')
  return decoded
}

const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw invalid('The query string is not percent-encoded UTF-8.', cause)
  }
}

const invalid = (detail: string, cause?: unknown): ScimError =>
  new ScimError(400, detail, { scimType: 'invalidValue', cause })
