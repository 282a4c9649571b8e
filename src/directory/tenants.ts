/** Tenants as servers and operator read them: by host, by slug, by owner. */

import { withClient } from './client.ts'
import type { Directory } from './database.ts'
import { readOutsideTenants, tenantIdOf, type TenantId } from './tenant-scope.ts'
import type { TenantSettings } from './tenant-settings.ts'

export interface TenantRecord {
  readonly id: TenantId
  /** `status.tenantID`: the readable id, unique for ever. */
  readonly slug: string
  /** uid of the custom resource that owns the tenant now. */
  readonly ownerUid: string
  readonly namespace: string
  readonly name: string
  readonly displayName: string
  readonly state: 'Active' | 'Disabled'
  /** Path of the SCIM base URL, such as `/scim/v2`. */
  readonly endpointPath: string
  readonly settings: TenantSettings
  readonly specHash: string
  readonly hosts: readonly TenantHostRecord[]
  readonly created: Date
  /** Not null: a tombstone, whose data is kept until `deleteAfter` (null: until somebody decides). */
  readonly deleted: Date | null
  readonly deleteAfter: Date | null
}

export interface TenantHostRecord {
  /** Lower case, without port. */
  readonly hostname: string
  /** Public origin: scheme, host, port. */
  readonly origin: string
}

interface TenantRow {
  readonly id: string
  readonly slug: string
  readonly owner_uid: string
  readonly namespace: string
  readonly name: string
  readonly display_name: string
  readonly state: 'Active' | 'Disabled'
  readonly endpoint_path: string
  readonly settings: TenantSettings
  readonly spec_hash: string
  readonly hosts: readonly TenantHostRecord[]
  readonly created: Date
  readonly deleted: Date | null
  readonly delete_after: Date | null
}

const columns = `tenant.id, slug, owner_uid, namespace, name, display_name, state, endpoint_path, settings, spec_hash,
  created, deleted, delete_after,
  (select coalesce(json_agg(json_build_object('hostname', hostname, 'origin', origin) order by hostname), '[]')
   from tenant_host where tenant_host.tenant_id = tenant.id) as hosts`

interface Waiting {
  readonly signal?: AbortSignal
}

/** The tenant of a host name (lower case, no port). Tombstones have no hosts. */
export async function tenantByHost(
  directory: Directory,
  hostname: string,
  options: Waiting = {},
): Promise<TenantRecord | undefined> {
  const text = `select ${columns} from tenant_host as host join tenant on tenant.id = host.tenant_id
    where host.hostname = $1`
  const [row] = await readOutsideTenants<TenantRow>(directory, { text, values: [hostname] }, options)
  return row && recordOf(row)
}

/** The tenant of a slug; may be a tombstone. */
export async function tenantBySlug(
  directory: Directory,
  slug: string,
  options: Waiting = {},
): Promise<TenantRecord | undefined> {
  const text = `select ${columns} from tenant where slug = $1`
  const [row] = await readOutsideTenants<TenantRow>(directory, { text, values: [slug] }, options)
  return row && recordOf(row)
}

/** The tenant of an id; may be a tombstone. */
export async function tenantById(
  directory: Directory,
  id: TenantId,
  options: Waiting = {},
): Promise<TenantRecord | undefined> {
  const text = `select ${columns} from tenant where tenant.id = $1`
  const [row] = await readOutsideTenants<TenantRow>(directory, { text, values: [id] }, options)
  return row && recordOf(row)
}

export type TenantKey =
  | { readonly uid: string }
  | { readonly slug: string }
  | { readonly namespace: string; readonly name: string }

/** The tenant of a custom resource; of several with one name the living one, else the last one deleted. */
export async function tenantForOwner(
  directory: Directory,
  key: TenantKey,
): Promise<TenantRecord | undefined> {
  const [where, values] = conditionOf(key)
  const text = `select ${columns} from tenant where ${where} order by deleted desc nulls first limit 1`
  const [row] = await withClient(directory, (query) => query<TenantRow>(text, values))
  return row && recordOf(row)
}

function conditionOf(key: TenantKey): readonly [where: string, values: readonly string[]] {
  if ('uid' in key) return ['owner_uid = $1', [key.uid]]
  if ('slug' in key) return ['slug = $1', [key.slug]]
  return ['namespace = $1 and name = $2', [key.namespace, key.name]]
}

/** Tombstones whose time has come: `deleteAfter` is not after `now`. */
export async function tenantsToDrop(directory: Directory, now: Date): Promise<TenantRecord[]> {
  const text = `select ${columns} from tenant where deleted is not null and delete_after <= $1 order by tenant.id`
  return (await withClient(directory, (query) => query<TenantRow>(text, [now]))).map(recordOf)
}

/** Moves whenever a tenant, a host or a token changed in a way that servers must see at once. */
export async function revocationCounter(directory: Directory, options: Waiting = {}): Promise<string> {
  const text = 'select counter::text from revocation'
  const [row] = await readOutsideTenants<{ counter: string }>(directory, { text, values: [] }, options)
  if (row === undefined) throw new Error('The table revocation has lost its row')
  return row.counter
}

function recordOf(row: TenantRow): TenantRecord {
  return {
    id: tenantIdOf(row.id),
    slug: row.slug,
    ownerUid: row.owner_uid,
    namespace: row.namespace,
    name: row.name,
    displayName: row.display_name,
    state: row.state,
    endpointPath: row.endpoint_path,
    settings: row.settings,
    specHash: row.spec_hash,
    hosts: row.hosts,
    created: row.created,
    deleted: row.deleted,
    deleteAfter: row.delete_after,
  }
}
