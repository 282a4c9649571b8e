/**
 * The statements of a transaction that are sent in one turn, as one transaction without `begin` and `commit`: what
 * Postgres gets before a Sync it runs as one, commits with the Sync, and rolls back as a whole when any of it fails
 * (PostgreSQL, "Pipelining" in the message flow of the protocol). Columns are described once on a connection.
 *
 * Sent by `pg` one by one, with begin, setting and commit, a creation was five messages to make, answer and read.
 */

import type { Connection, CustomTypesConfig, PoolClient, Submittable } from 'pg'
import { boundText, columnsOf, newPrepared, rowOf } from './shared-read.ts'
import type { DataRow, Prepared, RowDescription } from './shared-read.ts'
import type { Statement } from './statement.ts'
import { databaseError } from './unavailable.ts'

const setTenant = { name: 'set_tenant_of_flight', text: "select set_config('scim.tenant', $1, true)" }

/** What each connection of the pool knows, by name. */
const known = new WeakMap<PoolClient, Map<string, Prepared>>()

export interface Flight {
  /**
   * Rows of a statement that leaves with the others of this turn; refused when they have left. What came before one
   * that fails has its rows, and what came behind it fails with the same error.
   */
  query<Row>(statement: Statement): Promise<Row[]>
  /** Resolves when all that was sent is committed, or nothing was; rejects if Postgres rolled back. */
  landed(): Promise<void>
}

/** The flight leaves when the turn is over in which its first statement came. */
export function flightOn(client: PoolClient, tenantId: string): Flight {
  const statements: Statement[] = [{ ...setTenant, values: [tenantId] }]
  let landing: Promise<Landing> | undefined
  let hasLeft = false
  const send = async (): Promise<Landing> => {
    // After everything else that the work sends in this turn.
    await Promise.resolve()
    hasLeft = true
    const { promise, resolve } = Promise.withResolvers<Landing>()
    client.query(new Statements(preparedOn(client, statements), client, resolve))
    return promise
  }
  return {
    async query<Row>(statement: Statement) {
      if (hasLeft) throw new Error('The transaction has ended')
      const index = statements.push(statement) - 1
      landing ??= send()
      const { rows, answered, error } = await landing
      if (index >= answered) throw databaseError(error)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever wrote the statement names its columns
      return rows[index] as Row[]
    },
    async landed() {
      const { answered = 0, error } = (await landing) ?? {}
      if (error === undefined) return
      // Not even the commit was reached: who asked for the statement has been told, and has kept it to itself.
      throw answered < statements.length ? rolledBack(error) : databaseError(error)
    },
  }
}

/** Work went on after an error that made Postgres roll back all of it. */
export function rolledBack(cause: unknown): Error {
  return new Error('The transaction was rolled back: an error in it was not passed on', { cause })
}

/** What came of a flight. */
interface Landing {
  /** By statement. */
  readonly rows: readonly (readonly unknown[])[]
  /** How many of the statements were answered before one failed. */
  readonly answered: number
  /** Undefined if all is committed. */
  readonly error: unknown
}

interface Bound {
  readonly prepared: Prepared
  readonly values: Statement['values']
}

function preparedOn(client: PoolClient, statements: readonly Statement[]): readonly Bound[] {
  const names = known.get(client) ?? new Map<string, Prepared>()
  known.set(client, names)
  return statements.map(({ name, text, values }) => {
    if (name === undefined) return { prepared: newPrepared(text), values }
    // Interactive transactions prepare by the same names, and `pg` keeps account of those itself.
    const prepared = names.get(name) ?? newPrepared(text, `${name} in one flight`)
    names.set(name, prepared)
    return { prepared, values }
  })
}

/** Several statements and one Sync, as `pg` lets its extensions send them. */
class Statements implements Submittable {
  /** Called once; `pg` wraps it to end its time limit, and calls it itself when that is over. */
  callback: (error: unknown) => void
  readonly #bound: readonly Bound[]
  readonly #types: CustomTypesConfig
  readonly #rows: unknown[][]
  /** Which statement the answers are about. */
  #current = 0
  /** The first value that no parser takes, and of which statement it is. */
  #unreadable: { readonly index: number; readonly error: unknown } | undefined

  constructor(bound: readonly Bound[], types: CustomTypesConfig, land: (landing: Landing) => void) {
    this.#bound = bound
    this.#types = types
    this.#rows = bound.map(() => [])
    this.callback = (error) =>
      land({
        rows: this.#rows,
        answered: this.#unreadable?.index ?? this.#current,
        error: error ?? undefined,
      })
  }

  /** Returns what could not be sent, which `pg` then gives to handleError. */
  submit(connection: Connection): Error | null {
    connection.stream.cork()
    try {
      const texts = this.#bound.map(({ values }) => values.map(boundText))
      this.#bound.forEach(({ prepared }, index) => {
        const { name, text } = prepared
        if (!prepared.wasSent) {
          prepared.wasSent = true
          // After a flight that failed nobody knows whether it was parsed; to close what is not there is no error.
          connection.close({ type: 'S', name }, true)
          connection.parse({ text, name, types: [] }, true)
          connection.describe({ type: 'S', name }, true)
        }
        connection.bind({ statement: name, values: texts[index] ?? [] }, true)
        connection.execute(null, true)
      })
      connection.sync()
    } catch (error) {
      return error instanceof Error ? error : new TypeError(String(error))
    } finally {
      connection.stream.uncork()
    }
    return null
  }

  handleRowDescription({ fields }: RowDescription): void {
    const prepared = this.#bound[this.#current]?.prepared
    if (prepared !== undefined) prepared.columns = columnsOf(fields, this.#types)
  }

  handleDataRow({ fields }: DataRow): void {
    try {
      this.#rows[this.#current]?.push(rowOf(this.#bound[this.#current]?.prepared.columns, fields))
    } catch (error) {
      // What else there is of the answer still comes.
      this.#unreadable ??= { index: this.#current, error }
    }
  }

  handleCommandComplete(): void {
    const prepared = this.#bound[this.#current]?.prepared
    // What has no rows is described by a message that `pg` does not pass on.
    if (prepared !== undefined) prepared.columns ??= []
    this.#current += 1
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete()
  }

  handleError(error: unknown): void {
    for (const { prepared } of this.#bound) if (prepared.columns === undefined) prepared.wasSent = false
    this.callback(error)
  }

  handleReadyForQuery(): void {
    this.callback(this.#unreadable?.error)
  }
}
