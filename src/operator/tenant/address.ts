/** Where a tenant is reached: its host, the path of its route, and the base URL an administrator copies. Pure. */

import type { ScimIntegrationSpec } from '#operator/api/scim-integration.ts'
import type { OperatorSettings } from '#operator/settings.ts'

export interface Address {
  readonly hostname: string | undefined
  /** What the route matches: everything below it is the tenant's. */
  readonly routePath: string
  /** Undefined where neither a host nor paths tell tenants apart. */
  readonly baseURL: string | undefined
  /** For the table by which servers find the tenant of a host. */
  readonly hosts: readonly { readonly hostname: string; readonly origin: string }[]
}

/** By host where there is one; by path where paths are on and no base domain is set (design, "Who finds whom"). */
export function addressOf(
  endpoint: Pick<ScimIntegrationSpec['endpoint'], 'hostname' | 'path'>,
  slug: string,
  settings: OperatorSettings,
): Address {
  const { baseDomain, pathOrigin } = settings
  const hostname = endpoint.hostname ?? (baseDomain === undefined ? undefined : `${slug}.${baseDomain}`)
  const byPath = pathOrigin === undefined ? undefined : `${pathOrigin}/t/${slug}${endpoint.path}`
  if (hostname === undefined) {
    return { hostname, routePath: `/t/${slug}${endpoint.path}`, baseURL: byPath, hosts: [] }
  }
  const origin = originOf(hostname, settings)
  const byHost = `${origin}${endpoint.path}`
  return {
    hostname,
    routePath: endpoint.path,
    baseURL: baseDomain === undefined ? (byPath ?? byHost) : byHost,
    hosts: [{ hostname, origin }],
  }
}

function originOf(hostname: string, { publicScheme = 'https', publicPort }: OperatorSettings): string {
  return `${publicScheme}://${hostname}${publicPort === undefined ? '' : `:${publicPort}`}`
}
