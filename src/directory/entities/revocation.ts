/** The entity of the table `revocation`: one counter that moves whenever servers must forget what they cached. */

import { defineEntity, p } from '@mikro-orm/core'

export const Revocation = defineEntity({
  name: 'Revocation',
  tableName: 'revocation',
  properties: { onlyRow: p.boolean().primary().default(true), counter: p.bigint('number') },
})
