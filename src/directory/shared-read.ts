/**
 * A read on a shared connection, as `pg` lets its extensions send one (a Submittable, like its cursors): a statement is
 * parsed and described once on a connection, after which a read is bind, execute and sync, and the answer its rows.
 *
 * `pg` by itself asks anew with each read what the columns are. Measured: a fifth of the CPU of a point read in
 * Postgres, and a third of that which sending and receiving it costs here.
 */

import type { Connection, CustomTypesConfig, Submittable } from 'pg'
import type { Statement } from './statement.ts'

/** A statement as one connection knows it. */
export interface Prepared {
  readonly text: string
  /** Empty: Postgres forgets it with the next one that has no name. */
  readonly name: string
  /** From when it was described: its description comes before the first rows, also of reads sent meanwhile. */
  columns: readonly Column[] | undefined
  wasSent: boolean
}

interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** A statement that the connection does not know yet. */
export const newPrepared = (text: string, name = ''): Prepared => ({
  text,
  name,
  columns: undefined,
  wasSent: false,
})

type TypeId = Parameters<CustomTypesConfig['getTypeParser']>[0]

/** The parts of its messages that are read. */
export interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: TypeId }[]
}
export interface DataRow {
  readonly fields: readonly (string | null)[]
}

export type Done<Row> = (error: unknown, rows: Row[]) => void

export class SharedRead<Row> implements Submittable {
  /** Called once; `pg` wraps it to end its time limit. */
  callback: Done<Row>
  readonly #prepared: Prepared
  readonly #values: Statement['values']
  readonly #types: CustomTypesConfig
  readonly #rows: Row[] = []
  #error: unknown

  constructor(
    prepared: Prepared,
    { values, types }: { readonly values: Statement['values']; readonly types: CustomTypesConfig },
    callback: Done<Row>,
  ) {
    this.#prepared = prepared
    this.#values = values
    this.#types = types
    this.callback = callback
  }

  /** Returns what could not be sent, which `pg` then gives to handleError. */
  submit(connection: Connection): Error | null {
    const { text, name, wasSent } = this.#prepared
    connection.stream.cork()
    try {
      const values = this.#values.map(boundText)
      if (!wasSent) {
        this.#prepared.wasSent = true
        connection.parse({ text, name, types: [] }, true)
        connection.describe({ type: 'S', name }, true)
      }
      connection.bind({ statement: name, values }, true)
      connection.execute(null, true)
      connection.sync()
    } catch (error) {
      return error instanceof Error ? error : new TypeError(String(error))
    } finally {
      connection.stream.uncork()
    }
    return null
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.#prepared.columns = columnsOf(fields, this.#types)
  }

  handleDataRow({ fields }: DataRow): void {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever wrote the statement names its columns
      this.#rows.push(rowOf(this.#prepared.columns, fields) as Row)
    } catch (error) {
      // A value that no parser takes; what else there is of the answer still comes.
      this.#error ??= error
    }
  }

  handleCommandComplete(): void {}

  /** A statement without a result. */
  handleEmptyQuery(): void {}

  handleError(error: unknown): void {
    // Perhaps it was not even parsed: the next one sends it again.
    if (this.#prepared.columns === undefined) this.#prepared.wasSent = false
    this.callback(error, [])
  }

  handleReadyForQuery(): void {
    this.callback(this.#error, this.#rows)
  }
}

/** The columns that a description tells. */
export function columnsOf(fields: RowDescription['fields'], types: CustomTypesConfig): readonly Column[] {
  return fields.map(({ name, dataTypeID }) => ({ name, parse: types.getTypeParser(dataTypeID, 'text') }))
}

/** A row as an object. Throws what the parser of a value throws. */
export function rowOf(columns: readonly Column[] = [], fields: DataRow['fields']): unknown {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < columns.length; index += 1) {
    const column = columns[index]
    const text = fields[index]
    if (column !== undefined)
      row[column.name] = text === null || text === undefined ? null : column.parse(text)
  }
  return row
}

/** A value as its text; a list becomes an array. @throws TypeError for what no statement of ours binds */
export function boundText(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `{${value.map(elementText).join(',')}}`
  throw new TypeError('A statement binds text, numbers, booleans, dates and lists of them')
}

function elementText(value: unknown): string {
  const text = boundText(value)
  return text === null ? 'NULL' : `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"`
}
