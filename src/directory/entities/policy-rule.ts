/** The entity of the table `policy_rule`: the rules of a policy in their order. */

import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

export const PolicyRule = defineEntity({
  name: 'PolicyRule',
  tableName: 'policy_rule',
  properties: {
    tenantId: p.uuid().primary(),
    policyId: p.uuid().primary(),
    ordinal: p.integer().primary(),
    name: p.text(),
    match: p.json<object>(),
    assign: p.array(),
  },
})

export type PolicyRule = InferEntity<typeof PolicyRule>
