/** One SQL statement on its way to Postgres: its text, its bound values, and the name it is prepared under. */

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  /** A constant of the caller; the same name always has the same text. Absent: not prepared in a transaction. */
  readonly name?: string
}

/**
 * Names statements by their text, so that each connection parses and plans a text once. The number of names is
 * bounded, since texts that were compiled from filters have no end and every connection keeps every name.
 */
export function statementNames(limit: number): (text: string) => string | undefined {
  const names = new Map<string, string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined || names.size >= limit) return known
    const name = `read_${names.size + 1}`
    names.set(text, name)
    return name
  }
}
