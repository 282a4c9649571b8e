/** Prefixes as ranges and substrings as patterns, for text that is `collate "C"`. */

const lastCodePoint = 0x10ffff
const surrogates = { first: 0xd800, afterLast: 0xe000 }

/**
 * The least text above every text that begins with `prefix`, by code point; undefined if there is none. A range up
 * to it is an index condition under row-level security, where `like` is not.
 */
export function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === lastCodePoint) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  const next = last + 1 === surrogates.first ? surrogates.afterLast : last + 1
  return String.fromCodePoint(...points, next)
}

/** Text as a part of a `like` pattern in which it stands for itself. */
export function escapedForLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`)
}

/**
 * Whether a trigram index narrows a search for this text: pg_trgm takes three letters or digits in a row from a
 * pattern, and reads the whole index without any.
 */
export function hasTrigram(text: string): boolean {
  return /[\p{L}\p{N}]{3}/u.test(text)
}
