/** The entity of the table `tenant_host`: which tenant a Host header names, and the public origin of that host. */

import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

export const TenantHost = defineEntity({
  name: 'TenantHost',
  tableName: 'tenant_host',
  properties: {
    hostname: p.text().primary(),
    tenantId: p.uuid(),
    origin: p.text(),
  },
})

export type TenantHost = InferEntity<typeof TenantHost>
