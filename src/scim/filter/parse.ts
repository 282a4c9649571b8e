/**
 * Filter text to Filter tree (RFC 7644 section 3.4.2.2): grouping binds before `not`, `not` before `and`,
 * `and` before `or`. Attributes are resolved against the resource type while parsing.
 */

import type { AttributeReference, ResourceType } from '#scim/schema.ts'
import { isStorableText } from '#scim/text.ts'
import type { ComparisonOperator, Filter } from './ast.ts'
import { elementScope, emptyScope, resourceScope } from './scope.ts'
import type { Scope } from './scope.ts'
import { comparable, leafOf, literalFor } from './target.ts'
import { invalidFilter, tokensOf } from './tokens.ts'
import type { Token } from './tokens.ts'

/** Limits, so that no filter can exhaust the stack or the planner. */
export const maxFilterCharacters = 4096
export const maxFilterDepth = 50

/** Parses a filter on one resource type; an attribute that the type lacks is refused. Throws invalidFilter. */
export function parseFilter(text: string, type: ResourceType): Filter {
  return parse(text, resourceScope(type, true))
}

/**
 * Parses a filter of a query over all types as it concerns this one: an attribute that the type lacks has no value.
 * Throws invalidFilter.
 */
export function parseRootFilter(text: string, type: ResourceType): Filter {
  return parse(text, resourceScope(type, false))
}

/** Parses what stands between the brackets of `target[…]`; its targets are sub-attributes. Throws invalidFilter. */
export function parseElementFilter(text: string, target: AttributeReference, type: ResourceType): Filter {
  return parse(text, elementScope(target, type, true))
}

/** Where the parse stands; it moves forward only. */
interface Cursor {
  readonly tokens: readonly Token[]
  next: number
  depth: number
}

const comparisons: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'])

function parse(text: string, scope: Scope): Filter {
  if (text.length > maxFilterCharacters) {
    throw invalidFilter(`it is longer than ${String(maxFilterCharacters)} characters`)
  }
  const cursor: Cursor = { tokens: tokensOf(text), next: 0, depth: 0 }
  const filter = disjunction(cursor, scope)
  expect(cursor, 'end')
  return filter
}

function disjunction(cursor: Cursor, scope: Scope): Filter {
  const filters = [conjunction(cursor, scope)]
  while (takeWord(cursor, 'or')) filters.push(conjunction(cursor, scope))
  return joined('or', filters)
}

function conjunction(cursor: Cursor, scope: Scope): Filter {
  const filters = [factor(cursor, scope)]
  while (takeWord(cursor, 'and')) filters.push(factor(cursor, scope))
  return joined('and', filters)
}

function joined(kind: 'and' | 'or', filters: readonly Filter[]): Filter {
  const [first] = filters
  return filters.length === 1 && first !== undefined ? first : { kind, filters }
}

function factor(cursor: Cursor, scope: Scope): Filter {
  if (peek(cursor).kind === '(') return enclosed(cursor, scope, ')')
  // RFC 7644 writes `not` before a parenthesis; before a comparison its precedence says what is meant.
  if (takeWord(cursor, 'not')) return { kind: 'not', filter: nested(cursor, () => factor(cursor, scope)) }
  const path = expect(cursor, 'word')
  if (peek(cursor).kind === '[') return valuePath(cursor, scope, path)
  return attributeExpression(cursor, scope, path)
}

/** `attr[filter]`, and what Entra asks: `attr[filter].sub eq x`, one element that satisfies both. */
function valuePath(cursor: Cursor, scope: Scope, path: Token): Filter {
  const target = find(scope, path)
  if (target !== undefined && !isComplex(target)) {
    throw invalidFilter(`${path.text} has no sub-attributes`, path.position)
  }
  const inside = target === undefined ? emptyScope : scope.inside(target)
  const selection = enclosed(cursor, inside, ']')
  const filter = peek(cursor).text.startsWith('.')
    ? joined('and', [selection, attributeExpression(cursor, inside, withoutDot(expect(cursor, 'word')))])
    : selection
  if (target === undefined) return { kind: 'constant', value: false }
  return target.attribute.multiValued ? { kind: 'element', target, filter } : filter
}

function attributeExpression(cursor: Cursor, scope: Scope, path: Token): Filter {
  const target = find(scope, path)
  const operator = expect(cursor, 'word')
  const word = operator.text.toLowerCase()
  if (word === 'pr') {
    return target === undefined ? { kind: 'constant', value: false } : { kind: 'presence', target }
  }
  if (!isComparison(word)) throw invalidFilter(`${operator.text} is no operator`, operator.position)
  const literal = take(cursor)
  if (literal.kind !== 'string' && literal.kind !== 'word') {
    throw invalidFilter(`a value is missing`, literal.position)
  }
  if (!isStorableText(literal.text)) throw invalidFilter('a value has characters that no text may hold')
  if (literal.kind === 'word' && literal.text === 'null') return nullComparison(target, word)
  if (target === undefined) return { kind: 'constant', value: word === 'ne' }
  const scalar = comparable(target)
  if (scalar === undefined) throw invalidFilter(`${path.text} is complex: name one of its sub-attributes`)
  return { kind: 'comparison', target: scalar, operator: word, value: literalFor(scalar, word, literal.text) }
}

/** Null is the unassigned state (RFC 7643 section 2.5), so only equality with it has a meaning. */
function nullComparison(target: AttributeReference | undefined, operator: ComparisonOperator): Filter {
  if (operator !== 'eq' && operator !== 'ne') throw invalidFilter(`${operator} null is not defined`)
  if (target === undefined) return { kind: 'constant', value: operator === 'eq' }
  const presence: Filter = { kind: 'presence', target }
  return operator === 'ne' ? presence : { kind: 'not', filter: presence }
}

function find(scope: Scope, path: Token): AttributeReference | undefined {
  const target = scope.find(path.text)
  if (target === undefined && scope.isUnknownRefused) {
    throw invalidFilter(`there is no attribute ${path.text}`, path.position)
  }
  return target
}

function isComplex(target: AttributeReference): boolean {
  return leafOf(target).type === 'complex'
}

function isComparison(word: string): word is ComparisonOperator {
  return comparisons.has(word)
}

function withoutDot(token: Token): Token {
  return { ...token, text: token.text.slice(1) }
}

function enclosed(cursor: Cursor, scope: Scope, close: ')' | ']'): Filter {
  take(cursor)
  const filter = nested(cursor, () => disjunction(cursor, scope))
  expect(cursor, close)
  return filter
}

function nested(cursor: Cursor, parsePart: () => Filter): Filter {
  cursor.depth += 1
  if (cursor.depth > maxFilterDepth) {
    throw invalidFilter(`it nests deeper than ${String(maxFilterDepth)} levels`)
  }
  const filter = parsePart()
  cursor.depth -= 1
  return filter
}

const end: Token = { kind: 'end', text: '', position: 0 }

function peek(cursor: Cursor): Token {
  return cursor.tokens[cursor.next] ?? end
}

function take(cursor: Cursor): Token {
  const token = peek(cursor)
  cursor.next += 1
  return token
}

function takeWord(cursor: Cursor, word: string): boolean {
  const token = peek(cursor)
  const isTaken = token.kind === 'word' && token.text.toLowerCase() === word
  if (isTaken) cursor.next += 1
  return isTaken
}

function expect(cursor: Cursor, kind: Token['kind']): Token {
  const token = take(cursor)
  if (token.kind === kind) return token
  const found = token.kind === 'end' ? 'the end' : token.text
  throw invalidFilter(`${names[kind]} was expected before ${found}`, token.position)
}

const names: Readonly<Record<Token['kind'], string>> = {
  '(': '(',
  ')': ')',
  '[': '[',
  ']': ']',
  string: 'a string',
  word: 'a name or an operator',
  end: 'the end',
}
