/** The entity of the table `resource`: one row per SCIM resource of any type. */

import { defineEntity, p } from '@mikro-orm/core'

export const Resource = defineEntity({
  name: 'Resource',
  tableName: 'resource',
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    type: p.text(),
    uniqueKey: p.text(),
    displayKey: p.text().nullable(),
    externalId: p.text().nullable(),
    active: p.boolean().nullable(),
    data: p.json<object>(),
    folded: p.json<object>(),
    version: p.bigint('number'),
    created: p.datetime(6),
    lastModified: p.datetime(6),
    /** Rows of its members and of the values that wait to be members. */
    memberCount: p.bigint('number').default(0),
  },
})
