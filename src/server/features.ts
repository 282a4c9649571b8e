/** What ServiceProviderConfig may leave out, as this server has it. */

import type { TenantRecord } from '#directory/tenants.ts'
import { maxBulkOperations } from '#scim/bulk/parse.ts'
import type { Features } from '#scim/discovery.ts'

/** Cursors hold a position and no state of ours, so they do not expire. */
export const featuresFor = ({ settings }: TenantRecord): Features => ({
  bulk: { maxOperations: maxBulkOperations, maxPayloadSize: settings.limits.maxPayloadBytes },
  cursor: {},
})
