/** The schema as what a process waits for: server and worker do not migrate, the operator's leader does. */

import type { Directory } from './database.ts'
import { schemaIsCurrent } from './migrate.ts'

/**
 * Resolves if the database has the schema of this release, or a later one.
 *
 * @throws an Error that says what is missing: the schema, or the database itself (DatabaseUnavailableError)
 */
export async function assertSchema(directory: Directory): Promise<void> {
  if (await schemaIsCurrent(directory)) return
  throw new Error('the database has not the schema of this release; the operator brings it')
}
