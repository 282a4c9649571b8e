/** One row in every table that holds tenant data, and how many rows a tenant has in each. */

import { randomUUID } from 'node:crypto'
import { withClient } from '#directory/client.ts'
import type { Directory } from '#directory/database.ts'
import type { TenantId } from '#directory/tenant-scope.ts'

/** The tables under the tenant policy. */
export const tenantTables = [
  'token',
  'resource',
  'email',
  'membership',
  'pending_member',
  'resource_count',
  'change',
  'pending',
  'policy',
  'policy_rule',
  'policy_pin',
  'policy_state',
  'assignment',
] as const

/** Writes, as the owner, a user in a group, a token, a policy and all that hangs on them. */
export async function fill(
  owner: Directory,
  tenantId: TenantId,
): Promise<{ user: string; group: string; policy: string }> {
  const [user, group, policy] = [randomUUID(), randomUUID(), randomUUID()]
  const name = user.slice(0, 8)
  const statements: readonly (readonly [text: string, values: readonly unknown[]])[] = [
    [
      `insert into resource (tenant_id, id, type, unique_key, display_key, data, folded, version, created, last_modified)
       values ($1, $2, 'User', $4, $4, '{}', '{}', 1, now(), now()), ($1, $3, 'Group', $4, $4, '{}', '{}', 1, now(), now())`,
      [tenantId, user, group, name],
    ],
    ['insert into email values ($1, $2, 0, null, $3)', [tenantId, user, `${name}@acme.test`]],
    ['insert into membership values ($1, $2, $3)', [tenantId, group, user]],
    [`insert into resource_count values ($1, 'User', 0, 1), ($1, 'Group', 0, 1)`, [tenantId]],
    [`insert into pending_member values ($1, $2, 'nobody')`, [tenantId, group]],
    [
      `insert into token (tenant_id, id, key_id, digest, mac, scope, not_before, last_used, created)
       values ($1, $2, 'k1', 'd', 'm', 'read', now(), '2026-11-21', now())`,
      [tenantId, name],
    ],
    [
      `insert into change (tenant_id, at, id, ordinal, actor, request_id, action, resource_type, resource_id, detail)
       values ($1, now(), $2, 0, 'system', 'r', 'create', 'User', $2, '{}')`,
      [tenantId, user],
    ],
    ['insert into pending (tenant_id, resource_id, since) values ($1, $2, now())', [tenantId, user]],
    [
      `insert into policy (tenant_id, id, namespace, name, cardinality, generation, spec_hash, spec, created)
       values ($1, $2, 'default', 'p', 'Many', 1, 'h', '{}', now())`,
      [tenantId, policy],
    ],
    [`insert into policy_rule values ($1, $2, 0, 'r', '{}', '{a}')`, [tenantId, policy]],
    [`insert into policy_pin values ($1, $2, 'id', 'x', $3, now())`, [tenantId, policy, group]],
    ['insert into policy_state (tenant_id, policy_id, updated) values ($1, $2, now())', [tenantId, policy]],
    [`insert into assignment values ($1, $2, $3, 'a', 'r', 1, now())`, [tenantId, policy, user]],
  ]
  await withClient(owner, async (query) => {
    for (const [text, values] of statements) await query(text, values)
  })
  return { user, group, policy }
}

/** Rows of a tenant by table, as the owner sees them. */
export async function rowsOf(owner: Directory, tenantId: TenantId): Promise<Record<string, number>> {
  return withClient(owner, async (query) => {
    const counts: Record<string, number> = {}
    for (const table of tenantTables) {
      const [row] = await query<{ count: number }>(`select count(*) from ${table} where tenant_id = $1`, [
        tenantId,
      ])
      counts[table] = row?.count ?? 0
    }
    return counts
  })
}
