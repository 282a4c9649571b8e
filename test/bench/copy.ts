/** Rows into a table by COPY, the fastest way in; `pg` has the messages and no interface for them. */
import { Client } from 'pg'

import type { Submittable } from 'pg'

/** The parts of the connection of `pg` that COPY needs. */
interface CopyConnection {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  readonly stream: { readonly writableNeedDrain: boolean; once(event: 'drain', listener: () => void): void }
}

/** Values in the order of the columns; a value is its text, null is null. */
export type CopyRow = readonly (string | number | boolean | null)[]

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

const cell = (value: CopyRow[number]): string =>
  value === null ? '\\N' : String(value).replaceAll(/[\\\t\n\r]/g, (found) => escapes[found] ?? found)

const linesPerChunk = 500

/**
 * Copies rows that are made while they are sent into columns of a table. Postgres copies into no table with row-level
 * security, not even for its owner, so they pass through a temporary one.
 */
export const copyInto = async (
  databaseUrl: string,
  table: string,
  columns: string,
  rows: Iterable<CopyRow>,
): Promise<void> => {
  const client = new Client({ connectionString: databaseUrl })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(`create temp table copied as select ${columns} from ${table} with no data`)
    await new Promise<void>((resolve, reject) => {
      client.query(copying('copy copied from stdin', rows, (error) => (error ? reject(error) : resolve())))
    })
    await client.query(`insert into ${table} (${columns}) select * from copied`)
  } finally {
    await client.end()
  }
}

interface CopyQuery extends Submittable {
  handleCopyInResponse(connection: unknown): void
  handleCommandComplete(): void
  handleReadyForQuery(): void
  handleError(error: Error): void
}

/** What `pg` calls while it runs a query of somebody else's making. */
const copying = (text: string, rows: Iterable<CopyRow>, done: (error?: Error) => void): CopyQuery => ({
  submit: (connection: unknown) => connectionOf(connection).query(text),
  handleCopyInResponse(connection: unknown) {
    void sendAll(connectionOf(connection), rows).then(undefined, done)
  },
  handleCommandComplete: () => undefined,
  handleReadyForQuery: () => done(),
  handleError: (error: Error) => done(error),
})

const sendAll = async (connection: CopyConnection, rows: Iterable<CopyRow>): Promise<void> => {
  let lines: string[] = []
  const flush = async (): Promise<void> => {
    connection.sendCopyFromChunk(Buffer.from(lines.join('')))
    lines = []
    if (connection.stream.writableNeedDrain)
      await new Promise<void>((resolve) => connection.stream.once('drain', resolve))
  }
  for (const row of rows) {
    lines.push(`${row.map(cell).join('\t')}\n`)
    if (lines.length >= linesPerChunk) await flush()
  }
  await flush()
  connection.endCopyFrom()
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of `pg` leave these methods out
const connectionOf = (connection: unknown): CopyConnection => connection as CopyConnection
