/** The entity of the table `policy_state`: what the worker knows of a policy, read back by the operator. */

import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

export const PolicyState = defineEntity({
  name: 'PolicyState',
  tableName: 'policy_state',
  properties: {
    tenantId: p.uuid().primary(),
    policyId: p.uuid().primary(),
    generation: p.bigint('number').default(0),
    progress: p.json<object>().nullable(),
    counts: p.json<Readonly<Record<string, number>>>().defaultRaw("'{}'"),
    users: p.bigint('number').default(0),
    problems: p.json<readonly object[]>().defaultRaw("'[]'"),
    updated: p.datetime(6),
    xid: p.text().columnType('xid8').defaultRaw('pg_current_xact_id()'),
  },
})

export type PolicyState = InferEntity<typeof PolicyState>
