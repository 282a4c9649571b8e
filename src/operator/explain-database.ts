/** Refusals of Postgres that a person can mend, in one sentence each; all others stay as they are. */
import { MissingRolesError } from '#directory/migrate.ts'
import { sqlState } from '#directory/unavailable.ts'
import { Mistake } from '#platform/mistake.ts'

/** SQLSTATE of a user or password that Postgres does not take (class 28), and of a database it has not. */
const refusedStates = /^(?:28...|3D000)$/

export function explainDatabase(error: unknown): unknown {
  if (error instanceof MissingRolesError) return new Mistake(`${error.message}.`, { cause: error })
  if (!(error instanceof Error) || !refusedStates.test(sqlState(error) ?? '')) return error
  return new Mistake(`Postgres refuses the connection (${error.message}): correct DATABASE_OWNER_URL.`, {
    cause: error,
  })
}
