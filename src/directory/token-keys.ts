/** Which peppers the tokens of a tenant were digested with: few, and needed to look for a token without an id. */

import type { Directory } from './database.ts'
import { readInTenant, type TenantId } from './tenant-scope.ts'

/** Key ids of all tokens of a tenant, each once. @throws DatabaseUnavailableError */
export async function tokenKeyIds(directory: Directory, tenantId: TenantId): Promise<string[]> {
  const text = 'select distinct key_id from token where tenant_id = $1'
  const rows = await readInTenant<{ key_id: string }>(directory, tenantId, { text, values: [tenantId] })
  return rows.map((row) => row.key_id)
}
