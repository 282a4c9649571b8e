/** The entity of the table `change`, partitioned by day: who did what. */

import { defineEntity, p } from '@mikro-orm/core'

export const Change = defineEntity({
  name: 'Change',
  tableName: 'change',
  properties: {
    tenantId: p.uuid().primary(),
    at: p.datetime(6).primary(),
    id: p.uuid().primary(),
    xid: p.text().columnType('xid8').defaultRaw('pg_current_xact_id()'),
    ordinal: p.integer(),
    actor: p.text(),
    requestId: p.text(),
    action: p.text(),
    resourceType: p.text(),
    resourceId: p.uuid(),
    version: p.bigint('number').nullable(),
    detail: p.json<object>(),
  },
})
