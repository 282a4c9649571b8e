/** Constant SQL with named parameters, so that each connection parses and plans a text once. */

import type { Statement } from './statement.ts'

export type NamedValues = Readonly<Record<string, unknown>>

/** Binds values to the names in a text; a name without a value is a mistake of ours and throws TypeError. */
export type Prepared = (values: NamedValues) => Statement

/** `:name`, but not the `::type` of a cast. */
const parameterPattern = /(?<![:\w]):([a-z_]\w*)/g

/**
 * Makes a statement out of SQL with `:name` parameters. The same name always has the same text: Postgres keeps the
 * plan by name.
 */
export function prepared(name: string, sql: string): Prepared {
  const parameters: string[] = []
  const text = sql.replaceAll(parameterPattern, (_match, parameter: string) => {
    if (!parameters.includes(parameter)) parameters.push(parameter)
    return `$${String(parameters.indexOf(parameter) + 1)}`
  })
  return (values) => ({ name, text, values: parameters.map((parameter) => valueOf(values, parameter, name)) })
}

function valueOf(values: NamedValues, parameter: string, name: string): unknown {
  const value = values[parameter]
  if (value === undefined) throw new TypeError(`The statement ${name} has no value for ${parameter}`)
  return value
}
