/** The entity of the table `operator_epoch`: which leader may write. */

import { defineEntity, p } from '@mikro-orm/core'

export const OperatorEpoch = defineEntity({
  name: 'OperatorEpoch',
  tableName: 'operator_epoch',
  properties: { onlyRow: p.boolean().primary().default(true), epoch: p.bigint('number') },
})
