/** Whose request is it: the tenant by Host, else by path, and where its base URL ends (design: who finds whom). */

import type { Directory } from '#directory/database.ts'
import { tenantByHost, tenantById, tenantBySlug } from '#directory/tenants.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import type { TenantRecord } from '#directory/tenants.ts'
import { ScimError } from '#scim/errors.ts'

import { createCache } from './cache.ts'
import type { CacheOptions } from './cache.ts'

/** A tenant at one of its addresses. */
export interface Site {
  readonly tenant: TenantRecord
  /** Public base URL without a slash at its end: locations begin with it. */
  readonly baseURL: string
  /** The endpoint path without its slash at the end and without `/v2`, which is optional in requests. */
  readonly root: string
}

export interface Place {
  readonly site: Site
  /** Below the base URL: `/Users/2819c223`, `/` for the base itself. Slashes are single. */
  readonly path: string
}

export interface TenantFinder {
  /** The place that host and path name; throws 404 where nobody is. */
  find(host: string | undefined, path: string): Promise<Place>
  /** The tenant that a token names; throws 404 if it is there no more. */
  byId(id: TenantId): Promise<TenantRecord>
  flush(): void
}

export interface TenantFinderOptions {
  readonly directory: Directory
  readonly pathRouting: boolean
  /** Origin of locations when the tenant is named by the path. */
  readonly pathOrigin: () => string
  readonly cache: CacheOptions
}

const hostPattern = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/
const pathPattern = /^\/t\/([a-z0-9][a-z0-9-]{0,39})(?=\/|$)/

export const createTenantFinder = (options: TenantFinderOptions): TenantFinder => {
  const { directory } = options
  const sites = createCache<Site | undefined>(options.cache)
  const tenants = createCache<TenantRecord | undefined>(options.cache)

  const siteOfHost = (host: string): Promise<Site | undefined> =>
    sites.get(host, async () => {
      const tenant = await tenantByHost(directory, host)
      const origin = tenant?.hosts.find(({ hostname }) => hostname === host)?.origin
      return tenant === undefined || origin === undefined ? undefined : siteAt(tenant, origin)
    })
  const siteOfSlug = (slug: string): Promise<Site | undefined> =>
    sites.get(`/t/${slug}`, async () => {
      const tenant = await tenantBySlug(directory, slug)
      return tenant === undefined ? undefined : siteAt(tenant, `${options.pathOrigin()}/t/${slug}`)
    })

  return {
    async find(hostHeader, rawPath) {
      const path = singleSlashed(rawPath)
      const host = hostnameOf(hostHeader)
      const byHost = host === undefined ? undefined : await siteOfHost(host)
      if (byHost !== undefined) return placeIn(byHost, path)
      const slug = options.pathRouting ? pathPattern.exec(path)?.[1] : undefined
      const byPath = slug === undefined ? undefined : await siteOfSlug(slug)
      if (slug === undefined || byPath === undefined) throw nobody()
      return placeIn(byPath, path.slice('/t/'.length + slug.length))
    },
    async byId(id) {
      const tenant = await tenants.get(id, () => tenantById(directory, id))
      if (tenant === undefined || tenant.deleted !== null) throw nobody()
      return tenant
    },
    flush() {
      sites.flush()
      tenants.flush()
    },
  }
}

/** Lower case, without port and without the dot of a fully qualified name; undefined for what is no DNS name. */
export const hostnameOf = (header: string | undefined): string | undefined => {
  const name = header?.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  return name !== undefined && hostPattern.test(name) ? name : undefined
}

/** A tombstone holds name and id, but nobody is there any more. */
const siteAt = (tenant: TenantRecord, origin: string): Site | undefined => {
  if (tenant.deleted !== null) return undefined
  const endpoint = tenant.endpointPath.replace(/\/+$/, '')
  return { tenant, baseURL: origin + endpoint, root: singleSlashed(endpoint).replace(/\/v2$/, '') }
}

const singleSlashed = (path: string): string => (path.includes('//') ? path.replace(/\/{2,}/g, '/') : path)

const placeIn = (site: Site, path: string): Place => {
  const below = path.slice(site.root.length)
  if (!path.startsWith(site.root) || (below !== '' && !below.startsWith('/'))) throw nobody()
  const withoutVersion =
    below.startsWith('/v2') && (below.length === 3 || below[3] === '/') ? below.slice(3) : below
  return {
    site,
    path:
      withoutVersion.length > 1 && withoutVersion.endsWith('/')
        ? withoutVersion.slice(0, -1)
        : withoutVersion || '/',
  }
}

const nobody = (): ScimError => new ScimError(404, 'There is no integration at this address.')
