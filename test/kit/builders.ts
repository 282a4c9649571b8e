/** Builders of what tests need and do not care about. */

import { randomUUID } from 'node:crypto'
import { openDirectory, type Directory } from '#directory/database.ts'
import { tenantIdOf } from '#directory/tenant-scope.ts'
import type { NewTenant } from '#directory/tenant-writes.ts'

/** A tenant's specification with a fresh id and fresh names; `changes` win. */
export function newTenant(changes: Partial<NewTenant> = {}): NewTenant {
  const id = tenantIdOf(randomUUID())
  const short = id.slice(0, 8)
  return {
    id,
    slug: `acme-${short}`,
    ownerUid: id,
    namespace: 'default',
    name: `acme-${short}`,
    displayName: `Acme ${short}`,
    state: 'Active',
    endpointPath: '/scim/v2',
    settings: {
      identityProvider: 'Generic',
      compatibility: {
        patchResponse: 'Resource',
        contentType: 'Auto',
        strictness: 'Lenient',
        postInactive: 'Conflict',
      },
      limits: {
        maxUsers: 1_000_000,
        maxGroupMembers: 1_000_000,
        requestsPerSecond: 100,
        burst: 200,
        maxPayloadBytes: 10_485_760,
      },
    },
    specHash: 'hash',
    hosts: [{ hostname: `${short}.scim.test`, origin: `https://${short}.scim.test` }],
    created: new Date('2026-11-22T10:00:00Z'),
    ...changes,
  }
}

/** A directory opened for the time of a test. */
export function opened(
  url: string,
  changes: Partial<Parameters<typeof openDirectory>[0]> = {},
): Promise<Directory> {
  return openDirectory({ url, applicationName: 'scim-test', poolSize: 4, pipelines: 2, ...changes })
}
