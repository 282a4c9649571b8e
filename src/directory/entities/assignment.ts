/** The entity of the table `assignment`: who holds which value by which rule of which policy. */

import { defineEntity, p } from '@mikro-orm/core'

export const Assignment = defineEntity({
  name: 'Assignment',
  tableName: 'assignment',
  properties: {
    tenantId: p.uuid().primary(),
    policyId: p.uuid().primary(),
    userId: p.uuid().primary(),
    value: p.text().primary(),
    rule: p.text(),
    generation: p.bigint('number'),
    since: p.datetime(6),
  },
})
