/** The entity of the table `feed_epoch`: changed after a restore, so that old cursors of the change feed end. */

import { defineEntity, p } from '@mikro-orm/core'

export const FeedEpoch = defineEntity({
  name: 'FeedEpoch',
  tableName: 'feed_epoch',
  properties: { onlyRow: p.boolean().primary().default(true), epoch: p.uuid() },
})
