/** The entity of the table `token`. */

import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

export const Token = defineEntity({
  name: 'Token',
  tableName: 'token',
  properties: {
    tenantId: p.uuid().primary(),
    id: p.text().primary(),
    keyId: p.text(),
    digest: p.text(),
    mac: p.text(),
    scope: p.text().$type<'provision' | 'read'>(),
    reader: p.text().nullable(),
    notBefore: p.datetime(6),
    expires: p.datetime(6).nullable(),
    retires: p.datetime(6).nullable(),
    revoked: p.datetime(6).nullable(),
    lastUsed: p.date().nullable(),
    created: p.datetime(6),
  },
})

export type Token = InferEntity<typeof Token>
