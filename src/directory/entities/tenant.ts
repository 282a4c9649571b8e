/** The entity of the table `tenant`. */

import { defineEntity, p, type InferEntity } from '@mikro-orm/core'
import type { TenantSettings } from '#directory/tenant-settings.ts'

export const Tenant = defineEntity({
  name: 'Tenant',
  tableName: 'tenant',
  properties: {
    id: p.uuid().primary(),
    slug: p.text(),
    ownerUid: p.uuid(),
    namespace: p.text(),
    name: p.text(),
    displayName: p.text(),
    displayKey: p.text(),
    state: p.text().$type<'Active' | 'Disabled'>(),
    endpointPath: p.text(),
    settings: p.json<TenantSettings>(),
    specHash: p.text(),
    created: p.datetime(6),
    deleted: p.datetime(6).nullable(),
    deleteAfter: p.datetime(6).nullable(),
  },
})

export type Tenant = InferEntity<typeof Tenant>
