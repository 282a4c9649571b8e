/** What ServiceProviderConfig may leave out, as this server has it. */

import type { TenantRecord } from '#directory/tenants.ts'
import { maxBulkOperations } from '#scim/bulk/parse.ts'
import type { Features } from '#scim/discovery.ts'

import { cursorTimeoutSeconds } from './list-cursor.ts'

export const featuresFor = ({ settings }: TenantRecord): Features => ({
  bulk: { maxOperations: maxBulkOperations, maxPayloadSize: settings.limits.maxPayloadBytes },
  cursor: { timeoutSeconds: cursorTimeoutSeconds },
})
