/** Cuts a filter into tokens: brackets, JSON strings and words (RFC 7644 figure 1). */

import { ScimError } from '#scim/errors.ts'

export interface Token {
  readonly kind: '(' | ')' | '[' | ']' | 'string' | 'word' | 'end'
  /** The word as written, or the string as decoded. */
  readonly text: string
  /** Where it starts in the filter, for messages. */
  readonly position: number
}

/** White space, or else a bracket, a JSON string or a word as its three groups. JSON.parse judges escapes. */
const tokenSyntax = /\s+|([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+)/suy

/** The tokens of a filter, closed by `end`. Throws invalidFilter for an open string or a wrong escape. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let position = 0
  while (position < text.length) {
    tokenSyntax.lastIndex = position
    const match = tokenSyntax.exec(text)
    if (match === null) throw invalidFilter('a string is not closed', position)
    const [whole, bracket, string, word] = match
    if (bracket !== undefined) tokens.push({ kind: bracketOf(bracket), text: bracket, position })
    if (string !== undefined) tokens.push({ kind: 'string', text: decoded(string, position), position })
    if (word !== undefined) tokens.push({ kind: 'word', text: word, position })
    position += whole.length
  }
  tokens.push({ kind: 'end', text: '', position })
  return tokens
}

/** The refusal of a filter; `position` is a zero-based offset into it. */
export function invalidFilter(problem: string, position?: number): ScimError {
  const place = position === undefined ? '' : ` at character ${String(position + 1)}`
  return new ScimError(400, `The filter is not valid: ${problem}${place}.`, { scimType: 'invalidFilter' })
}

function bracketOf(text: string): '(' | ')' | '[' | ']' {
  if (text === '(' || text === ')' || text === '[') return text
  return ']'
}

function decoded(literal: string, position: number): string {
  try {
    return String(JSON.parse(literal))
  } catch (cause) {
    throw new ScimError(400, `The filter is not valid: wrong string at character ${String(position + 1)}.`, {
      scimType: 'invalidFilter',
      cause,
    })
  }
}
