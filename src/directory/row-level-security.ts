/** The tables without the tenant policy, each with its reason; a test compares this list with the catalogs. */

export interface ExemptTable {
  readonly table: string
  readonly reason: string
  /** True where a row belongs to a tenant and is found before the tenant is known. */
  readonly isRouting: boolean
}

export const exemptTables: readonly ExemptTable[] = [
  { table: 'tenant', reason: 'servers find a tenant by slug before they know which it is', isRouting: true },
  { table: 'tenant_host', reason: 'servers find a tenant by the Host of a request', isRouting: true },
  {
    table: 'token_tenant',
    reason: 'a token names its tenant; only the owner and token_by_id see it',
    isRouting: true,
  },
  { table: 'revocation', reason: 'one row without tenant data, polled by every server', isRouting: false },
  {
    table: 'operator_epoch',
    reason: 'one row without tenant data, the fence of the leader',
    isRouting: false,
  },
  { table: 'feed_epoch', reason: 'one row without tenant data, part of every cursor', isRouting: false },
  { table: 'mikro_orm_migrations', reason: 'names of migrations, read to know the schema', isRouting: false },
]
