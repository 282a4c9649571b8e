/** The entity of the table `pending_member`: pushed member values that are nobody's id yet. */

import { defineEntity, p } from '@mikro-orm/core'

export const PendingMember = defineEntity({
  name: 'PendingMember',
  tableName: 'pending_member',
  properties: { tenantId: p.uuid().primary(), groupId: p.uuid().primary(), value: p.text().primary() },
})
