/** The entity of the table `membership`: resolved members of groups. */

import { defineEntity, p } from '@mikro-orm/core'

export const Membership = defineEntity({
  name: 'Membership',
  tableName: 'membership',
  properties: { tenantId: p.uuid().primary(), groupId: p.uuid().primary(), memberId: p.uuid().primary() },
})
