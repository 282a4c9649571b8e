/** The bound values of a statement whose text is compiled: what a person typed never becomes part of the text. */

export type SqlType =
  | 'boolean'
  | 'bigint'
  | 'integer'
  | 'integer[]'
  | 'jsonb'
  | 'text'
  | 'text[]'
  | 'timestamptz'
  | 'uuid'
  | 'uuid[]'

export interface Parameters {
  readonly values: readonly unknown[]
  /** Adds a value and gives the text that stands for it: `$3::text`. */
  readonly bind: (value: unknown, type: SqlType) => string
}

/** Parameters that follow the values given here. */
export function newParameters(...first: readonly unknown[]): Parameters {
  const values: unknown[] = [...first]
  return {
    values,
    bind(value, type) {
      values.push(value)
      return `$${String(values.length)}::${type}`
    },
  }
}
