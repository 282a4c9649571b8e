/** Filter tree to text that parses back to the same tree. */

import { pathOf } from '#scim/attribute-path.ts'
import type { Filter } from './ast.ts'

/**
 * The text of a filter, with every nesting in parentheses: parse(print(f)) equals f.
 * A constant has no text of its own and prints as a filter with the same outcome.
 */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'comparison':
      return `${pathOf(filter.target)} ${filter.operator} ${JSON.stringify(filter.value)}`
    case 'presence':
      return `${pathOf(filter.target)} pr`
    case 'not':
      return `not (${printFilter(filter.filter)})`
    case 'and':
    case 'or':
      return filter.filters.map(printOperand).join(` ${filter.kind} `)
    case 'element':
      return `${pathOf(filter.target)}[${printFilter(filter.filter)}]`
    case 'constant':
      return filter.value ? 'id pr' : 'not (id pr)'
  }
}

function printOperand(filter: Filter): string {
  const isGroup = filter.kind === 'and' || filter.kind === 'or'
  return isGroup ? `(${printFilter(filter)})` : printFilter(filter)
}
