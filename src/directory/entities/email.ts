/** The entity of the table `email`: the e-mail addresses of a resource, folded, for filters. */

import { defineEntity, p } from '@mikro-orm/core'

export const Email = defineEntity({
  name: 'Email',
  tableName: 'email',
  properties: {
    tenantId: p.uuid().primary(),
    resourceId: p.uuid().primary(),
    ordinal: p.integer().primary(),
    type: p.text().nullable(),
    valueKey: p.text(),
  },
})
