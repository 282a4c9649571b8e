/** The entity of the table `policy`: assignment policies as the operator compiled them. */

import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

export const Policy = defineEntity({
  name: 'Policy',
  tableName: 'policy',
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    namespace: p.text(),
    name: p.text(),
    cardinality: p.text().$type<'One' | 'Many'>(),
    defaultValue: p.text().nullable(),
    generation: p.bigint('number'),
    specHash: p.text(),
    spec: p.json<object>(),
    created: p.datetime(6),
  },
})

export type Policy = InferEntity<typeof Policy>
