/** The entity of the table `token_tenant`: the tenant of a token id, kept by a trigger on `token`. */

import { defineEntity, p } from '@mikro-orm/core'

export const TokenTenant = defineEntity({
  name: 'TokenTenant',
  tableName: 'token_tenant',
  properties: { tokenId: p.text().primary(), tenantId: p.uuid() },
})
