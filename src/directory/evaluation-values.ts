/**
 * Values of a user's folded document that rules compare, each taken out once per user. A rule by itself would search
 * the document, and read it whole when it is stored out of line, once more for each of 256 rules (150 ns and more,
 * where a comparison costs 20).
 */

import type { FilterContext } from './filter-to-sql.ts'

type Extract = NonNullable<FilterContext['extract']>

export class DocumentValues {
  readonly #row: string
  readonly #bind: FilterContext['bind']
  readonly #columns = new Map<string, { readonly name: string; readonly sql: string }>()

  /** `row` is the alias by which rules name the user. */
  constructor(row: string, bind: FilterContext['bind']) {
    this.#row = row
    this.#bind = bind
  }

  /** SQL of the value at a path, for the context of a filter. */
  readonly extract: Extract = (path, operator) => {
    const key = JSON.stringify([operator, path])
    const known = this.#columns.get(key)
    const column = known ?? {
      name: `value_${String(this.#columns.size)}`,
      sql: `folded ${operator} ${this.#bind(path, 'text[]')}`,
    }
    if (known === undefined) this.#columns.set(key, column)
    return `${this.#row}.${column.name}`
  }

  /** The columns that were asked for, of this alias of `resource`; ask when all rules have asked. */
  columns(resource: string): readonly string[] {
    return [...this.#columns.values()].map(({ name, sql }) => `${resource}.${sql} as ${name}`)
  }
}
