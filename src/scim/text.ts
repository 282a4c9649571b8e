/** Which text can be stored and given back unchanged. */

/** Postgres refuses NUL and UTF-8 has no lone surrogates, so neither can be kept. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}
