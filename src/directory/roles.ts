/** The two roles that serve tenants: logins that own nothing and cannot pass row-level security. */

import { Client, DatabaseError } from 'pg'

export const appRole = 'scim_app'
export const workerRole = 'scim_worker'

export interface RolePasswords {
  readonly appPassword: string
  readonly workerPassword: string
}

/**
 * Creates `scim_app` and `scim_worker` where they are missing and sets their passwords, so that it can be called
 * at every start. For standalone and tests; in a cluster the platform team's database operator creates them.
 *
 * @param url of a superuser, or of an owner with CREATEROLE
 */
export async function createRoles(url: string, passwords: RolePasswords): Promise<void> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await createRole(client, appRole, passwords.appPassword)
    await createRole(client, workerRole, passwords.workerPassword)
  } finally {
    await client.end()
  }
}

async function createRole(client: Client, role: string, password: string): Promise<void> {
  const attributes = `login nosuperuser nocreatedb nocreaterole noreplication password ${client.escapeLiteral(password)}`
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
  try {
    if (rowCount === 0) await client.query(`create role ${role} ${attributes}`)
  } catch (error) {
    // 42710, or 23505 from the catalog: another process created it in the meantime.
    if (!(error instanceof DatabaseError && ['42710', '23505'].includes(error.code ?? ''))) throw error
  }
  await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`)
}
