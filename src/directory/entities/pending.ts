/** The entity of the table `pending`: resources that were touched and not evaluated since. */

import { defineEntity, p } from '@mikro-orm/core'

export const Pending = defineEntity({
  name: 'Pending',
  tableName: 'pending',
  properties: {
    tenantId: p.uuid().primary(),
    resourceId: p.uuid().primary(),
    xid: p.text().columnType('xid8').primary().defaultRaw('pg_current_xact_id()'),
    since: p.datetime(6),
  },
})
