/** Statements of the bench itself, as the owner of the schema. */
import { Client } from 'pg'

/** Runs one statement on a connection of its own. */
export const asOwner = async <Row extends object>(
  ownerUrl: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> => {
  const client = new Client({ connectionString: ownerUrl })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<Row>(text, [...values])
    return rows
  } finally {
    await client.end()
  }
}
