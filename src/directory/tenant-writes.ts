/** Writing tenants as the operator's leader: put, tombstone, restore. */

import { isDeepStrictEqual } from 'node:util'
import type { EntityManager } from '@mikro-orm/postgresql'
import { fold } from '#scim/fold.ts'
import { TenantHost } from './entities/tenant-host.ts'
import { Tenant } from './entities/tenant.ts'
import { writeAsOwner, type Owner } from './owner.ts'
import type { TenantId } from './tenant-scope.ts'
import type { TenantRecord } from './tenants.ts'
import { sqlState } from './unavailable.ts'

/** What a specification says of a tenant. `created` is kept from the first put. */
export type NewTenant = Omit<TenantRecord, 'deleted' | 'deleteAfter'>

export type PutTenantOutcome =
  | { readonly kind: 'ok' }
  /** Another tenant has it; `with` is its `namespace/name`. */
  | {
      readonly kind: 'conflict'
      readonly on: 'displayName' | 'slug' | 'hostname'
      readonly with: string
      /** The other one is a tombstone: only a slug is kept by the dead. */
      readonly isRetained: boolean
    }
  /** The tenant is a tombstone: restore it first. */
  | { readonly kind: 'deleted' }

/**
 * Makes a tenant what its specification says, its hosts included; a tenant that is so already is not written.
 * Nothing is written on a conflict: one leader writes, so who asks first has the name.
 *
 * @throws StaleEpochError, DatabaseUnavailableError
 */
export function putTenant(owner: Owner, tenant: NewTenant): Promise<PutTenantOutcome> {
  return put(owner, tenant, false)
}

/** The same for a tombstone, which lives again, with the owner that is given. */
export function restoreTenant(owner: Owner, tenant: NewTenant): Promise<PutTenantOutcome> {
  return put(owner, tenant, true)
}

async function put(owner: Owner, tenant: NewTenant, revives: boolean): Promise<PutTenantOutcome> {
  try {
    return await writeAsOwner(owner, (em) => write(em, tenant, revives))
  } catch (error) {
    // Two reconciliations at once: the loser of the unique index now sees who won.
    if (sqlState(error) !== '23505') throw error
    return writeAsOwner(owner, (em) => write(em, tenant, revives))
  }
}

async function write(em: EntityManager, tenant: NewTenant, revives: boolean): Promise<PutTenantOutcome> {
  const known = await em.findOne(Tenant, { id: tenant.id })
  if (known !== null && known.deleted !== null && !revives) return { kind: 'deleted' }
  const conflict = await conflictOf(em, tenant)
  if (conflict !== undefined) return conflict
  const { hosts, created, settings, ...fields } = tenant
  const row = { ...fields, displayKey: fold(tenant.displayName), deleted: null, deleteAfter: null }
  if (known === null) em.create(Tenant, { ...row, settings, created }, { persist: true })
  else {
    em.assign(known, row)
    // jsonb keeps its own order of keys, which MikroORM takes for a change.
    if (!isDeepStrictEqual(known.settings, settings)) em.assign(known, { settings })
  }
  await putHosts(em, tenant.id, hosts)
  return { kind: 'ok' }
}

async function putHosts(em: EntityManager, tenantId: TenantId, hosts: NewTenant['hosts']): Promise<void> {
  const known = await em.find(TenantHost, { tenantId })
  for (const host of known) if (!hosts.some(({ hostname }) => hostname === host.hostname)) em.remove(host)
  for (const { hostname, origin } of hosts) {
    const same = known.find((host) => host.hostname === hostname)
    if (same === undefined) em.create(TenantHost, { hostname, origin, tenantId }, { persist: true })
    else em.assign(same, { origin })
  }
}

async function conflictOf(em: EntityManager, tenant: NewTenant): Promise<PutTenantOutcome | undefined> {
  const others = { id: { $ne: tenant.id } }
  const slug = await em.findOne(Tenant, { ...others, slug: tenant.slug })
  if (slug !== null) return conflictWith('slug', slug)
  const displayKey = fold(tenant.displayName)
  const named = await em.findOne(Tenant, {
    ...others,
    namespace: tenant.namespace,
    displayKey,
    deleted: null,
  })
  if (named !== null) return conflictWith('displayName', named)
  const hostnames = tenant.hosts.map(({ hostname }) => hostname)
  const host = await em.findOne(TenantHost, { hostname: { $in: hostnames }, tenantId: { $ne: tenant.id } })
  return host === null
    ? undefined
    : conflictWith('hostname', await em.findOneOrFail(Tenant, { id: host.tenantId }))
}

function conflictWith(on: 'displayName' | 'slug' | 'hostname', other: Tenant): PutTenantOutcome {
  const isRetained = other.deleted !== null && other.deleted !== undefined
  return { kind: 'conflict', on, with: `${other.namespace}/${other.name}`, isRetained }
}

/**
 * Ends a tenant but keeps its data: servers answer 404 for it, its display name and its hosts are free, its id and
 * slug are not. Again on a tombstone it only moves `deleteAfter`.
 *
 * @returns false if there is no such tenant
 * @throws StaleEpochError, DatabaseUnavailableError
 */
export async function tombstoneTenant(
  owner: Owner,
  tenantId: TenantId,
  times: { readonly now: Date; readonly deleteAfter: Date | null },
): Promise<boolean> {
  return writeAsOwner(owner, async (em) => {
    const tenant = await em.findOne(Tenant, { id: tenantId })
    if (tenant === null) return false
    em.assign(tenant, { deleted: tenant.deleted ?? times.now, deleteAfter: times.deleteAfter })
    await em.nativeDelete(TenantHost, { tenantId })
    return true
  })
}
