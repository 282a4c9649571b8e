/** The rows of tokens: found by servers in one index probe, written by the operator. */

import type { EntityManager } from '@mikro-orm/postgresql'
import { withClient } from './client.ts'
import type { Directory } from './database.ts'
import { Token } from './entities/token.ts'
import { writeAsOwner, type Owner } from './owner.ts'
import { inTenant, readInTenant, readOutsideTenants, tenantIdOf, type TenantId } from './tenant-scope.ts'
import type { TokenRecord } from './token.ts'

export type { TokenRecord } from './token.ts'

interface TokenRow {
  readonly tenant_id: string
  readonly id: string
  readonly key_id: string
  readonly digest: string
  readonly mac: string
  readonly scope: 'provision' | 'read'
  readonly reader: string | null
  readonly not_before: Date
  readonly expires: Date | null
  readonly retires: Date | null
  readonly revoked: Date | null
  readonly last_used: string | null
  readonly created: Date
}

const columns =
  'tenant_id, id, key_id, digest, mac, scope, reader, not_before, expires, retires, revoked, last_used, created'

interface Waiting {
  readonly signal?: AbortSignal
}

/** The record of a token id in one tenant, as it stands in the row: nothing is verified yet. */
export async function tokenById(
  directory: Directory,
  tenantId: TenantId,
  id: string,
  options: Waiting = {},
): Promise<TokenRecord | undefined> {
  const text = `select ${columns} from token where tenant_id = $1 and id = $2`
  const [row] = await readInTenant<TokenRow>(directory, tenantId, { text, values: [tenantId, id] }, options)
  return row && recordOf(row)
}

/** For a token that was brought along, whose text has no id. */
export async function tokenByDigest(
  directory: Directory,
  tenantId: TenantId,
  digest: string,
  options: Waiting = {},
): Promise<TokenRecord | undefined> {
  const text = `select ${columns} from token where tenant_id = $1 and digest = $2`
  const [row] = await readInTenant<TokenRow>(
    directory,
    tenantId,
    { text, values: [tenantId, digest] },
    options,
  )
  return row && recordOf(row)
}

/** The record of a token id in whichever tenant has it, where the token alone names the tenant. */
export async function tokenAnywhere(
  directory: Directory,
  id: string,
  options: Waiting = {},
): Promise<TokenRecord | undefined> {
  const text = `select ${columns} from token_by_id($1)`
  const [row] = await readOutsideTenants<TokenRow>(directory, { text, values: [id] }, options)
  return row && recordOf(row)
}

/**
 * Remembers the last day (UTC, `2026-11-22`) on which a token was used; an earlier day changes nothing. It does
 * not move the revocation counter.
 */
export async function recordTokenUse(
  directory: Directory,
  tenantId: TenantId,
  id: string,
  day: string,
): Promise<void> {
  const text = `update token set last_used = $3
    where tenant_id = $1 and id = $2 and (last_used is null or last_used < $3)`
  await inTenant(directory, tenantId, { isOneStatement: true }, (scope) =>
    scope.query({ text, values: [tenantId, id, day] }),
  )
}

/** Every token of a tenant, retired and revoked ones too, the oldest first. */
export async function tokensOf(directory: Directory, tenantId: TenantId): Promise<TokenRecord[]> {
  const text = `select ${columns} from token where tenant_id = $1 order by created, id`
  return (await withClient(directory, (query) => query<TokenRow>(text, [tenantId]))).map(recordOf)
}

/**
 * Writes records as they are, new ones and changed ones; `lastUsed` is the servers' and stays. What did not change
 * is not written, so that servers keep their caches.
 *
 * @throws StaleEpochError, DatabaseUnavailableError, TypeError for a record of another tenant
 */
export async function putTokens(
  owner: Owner,
  tenantId: TenantId,
  records: readonly TokenRecord[],
): Promise<void> {
  if (records.some((record) => record.tenantId !== tenantId)) throw new TypeError('A token of another tenant')
  await writeAsOwner(owner, async (em) => {
    for (const record of records) await put(em, record)
  })
}

async function put(em: EntityManager, record: TokenRecord): Promise<void> {
  const { lastUsed: _, ...fields } = record
  const known = await em.findOne(Token, { tenantId: record.tenantId, id: record.id })
  if (known === null) em.create(Token, { ...fields, lastUsed: null }, { persist: true })
  else em.assign(known, fields)
}

/** Removes the rows of these ids; unknown ids are no error. @throws StaleEpochError, DatabaseUnavailableError */
export async function removeTokens(owner: Owner, tenantId: TenantId, ids: readonly string[]): Promise<void> {
  await writeAsOwner(owner, (em) => em.nativeDelete(Token, { tenantId, id: { $in: [...ids] } }))
}

function recordOf(row: TokenRow): TokenRecord {
  return {
    tenantId: tenantIdOf(row.tenant_id),
    id: row.id,
    keyId: row.key_id,
    digest: row.digest,
    mac: row.mac,
    scope: row.scope,
    reader: row.reader,
    notBefore: row.not_before,
    expires: row.expires,
    retires: row.retires,
    revoked: row.revoked,
    lastUsed: dayOf(row.last_used),
    created: row.created,
  }
}

/** Midnight UTC of a day. */
function dayOf(day: string | null): Date | null {
  return day === null ? null : new Date(`${day}T00:00:00Z`)
}
