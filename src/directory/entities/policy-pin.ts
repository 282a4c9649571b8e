/** The entity of the table `policy_pin`: the group that a selector meant when it was first resolved. */

import { defineEntity, p } from '@mikro-orm/core'

export const PolicyPin = defineEntity({
  name: 'PolicyPin',
  tableName: 'policy_pin',
  properties: {
    tenantId: p.uuid().primary(),
    policyId: p.uuid().primary(),
    selectorKind: p.text().primary(),
    selectorValue: p.text().primary(),
    groupId: p.uuid(),
    pinned: p.datetime(6),
  },
})
