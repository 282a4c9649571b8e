/** The entity of the table `resource_count`: how many resources a tenant has, spread over slots. */

import { defineEntity, p } from '@mikro-orm/core'

export const ResourceCount = defineEntity({
  name: 'ResourceCount',
  tableName: 'resource_count',
  properties: {
    tenantId: p.uuid().primary(),
    type: p.text().primary(),
    slot: p.integer().primary(),
    count: p.bigint('number'),
  },
})
