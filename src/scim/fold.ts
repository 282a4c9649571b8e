/**
 * Folding decides case-insensitive equality and order once, in JavaScript, for matching and for what is stored;
 * SQL never lowers or collates by locale.
 */

/** NFKC, then lower case by the Unicode default mapping, then NFKC again, so that folding twice changes nothing. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC')
}

/** Order by Unicode code point, as `collate "C"` orders UTF-8 (JavaScript's own `<` orders UTF-16 units). */
export function compareCodePoints(left: string, right: string): number {
  let index = 0
  while (index < left.length && index < right.length) {
    const a = left.codePointAt(index) ?? 0
    const b = right.codePointAt(index) ?? 0
    if (a !== b) return a - b
    index += a > 0xffff ? 2 : 1
  }
  return left.length - right.length
}
