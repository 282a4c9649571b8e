/** Fills tenants, and the bare tables, by COPY: every column computed by the functions that the product writes with. */
import { randomUUID, randomUUIDv7 } from 'node:crypto'

import { documentValues } from '#directory/resource-row.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import { parseResource } from '#scim/validate.ts'

import { copyInto } from './copy.ts'
import { asOwner } from './sql.ts'

import type { CopyRow } from './copy.ts'
import type { Tenant } from './world.ts'

export const user = {
  schemas: [
    'urn:ietf:params:scim:schemas:core:2.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  ],
  userName: 'bench-{n}@example.com',
  externalId: 'bench-{n}',
  name: { givenName: 'Zoë', familyName: 'Ångström-{n}', formatted: 'Zoë Ångström-{n}' },
  displayName: 'Zoë Ångström-{n}',
  title: 'Senior Software Engineer',
  emails: [{ value: 'bench-{n}@example.com', type: 'work', primary: true }],
  phoneNumbers: [{ value: '+49 30 {n}', type: 'work' }],
  active: true,
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
    department: 'Department {d}',
    employeeNumber: '{n}',
  },
}

const template = JSON.stringify(user)

/** User number `n` as a client would push it; departments are 256. */
export const userText = (n: number | string): string =>
  template.replaceAll('{n}', `s${n}`).replaceAll('{d}', String(Number(n) % 256 || 0))

const resourceColumns = `tenant_id, id, type, unique_key, display_key, external_id, active, data, folded, version,
  created, last_modified, member_count`

/**
 * Fewer rows do not change what the planner knows of a large table. The vacuum is what autovacuum does within a minute:
 * without it the first read of each page that was copied in writes the page.
 */
const worthAnalyzing = 1000

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** The ids of `count` new users of a tenant, in order. */
export const seedUsers = async (
  ownerUrl: string,
  tenant: Tenant,
  count: number,
): Promise<readonly string[]> => {
  const ids = Array.from({ length: count }, () => randomUUIDv7()).toSorted()
  const now = new Date().toISOString()
  const { id: tenantId } = tenant
  const emails: (readonly [id: string, type: string, key: string])[] = []
  function* users(): Generator<CopyRow> {
    for (const [n, id] of ids.entries()) {
      const values = documentValues(parseResource(JSON.parse(userText(n)), userType).resource.data, userType)
      emails.push([id, 'work', `bench-s${n}@example.com`])
      const [key, display, external] = [values['unique_key'], values['display_key'], values['external_id']]
      const columns = [text(key), text(display), text(external), true, text(values['data'])]
      yield [tenantId, id, 'User', ...columns, text(values['folded']), 1, now, now, 0]
    }
  }
  await copyInto(ownerUrl, 'resource', resourceColumns, users())
  await copyInto(
    ownerUrl,
    'email',
    'tenant_id, resource_id, ordinal, type, value_key',
    emails.values().map(([id, type, key]): CopyRow => [tenantId, id, 1, type, key]),
  )
  await countRows(ownerUrl, tenant, 'User', count)
  if (count >= worthAnalyzing) await asOwner(ownerUrl, 'vacuum (analyze) resource, email')
  return ids
}

/** What the statements of the product count as they write. */
const countRows = async (ownerUrl: string, tenant: Tenant, type: string, count: number): Promise<void> => {
  await asOwner(
    ownerUrl,
    `insert into resource_count as slots (tenant_id, type, slot, count) values ($1, $2, 0, $3)
     on conflict (tenant_id, type, slot) do update set count = slots.count + excluded.count`,
    [tenant.id, type, count],
  )
}

/** The same users in the bare table. */
export const seedBareUsers = async (ownerUrl: string, ids: readonly string[]): Promise<void> => {
  await copyInto(
    ownerUrl,
    'bare.users',
    'id, user_name, data',
    ids
      .entries()
      .map(([n, id]): CopyRow => [id, `bench-s${n}@example.com`, JSON.stringify({ id, ...parsed(n) })]),
  )
  await asOwner(ownerUrl, 'vacuum (analyze) bare.users')
}

const parsed = (n: number): object => JSON.parse(userText(n))

interface Groups {
  readonly count: number
  /** Each has all of these. */
  readonly members: readonly string[]
  /** In the bare tables too. */
  readonly isBare?: boolean
}

/** The ids of new groups. */
export const seedGroups = async (
  ownerUrl: string,
  tenant: Tenant,
  { count, members, isBare = false }: Groups,
): Promise<readonly string[]> => {
  const ids = Array.from({ length: count }, () => randomUUIDv7())
  const now = new Date().toISOString()
  await copyInto(
    ownerUrl,
    'resource',
    resourceColumns,
    ids.map((id): CopyRow => {
      const { data } = parseResource({ displayName: `Group ${randomUUID()}` }, groupType).resource
      const values = documentValues(data, groupType)
      const [key, display] = [text(values['unique_key']), text(values['display_key'])]
      return [
        tenant.id,
        id,
        'Group',
        key,
        display,
        null,
        null,
        text(values['data']),
        text(values['folded']),
        1,
        now,
        now,
        members.length,
      ]
    }),
  )
  await countRows(ownerUrl, tenant, 'Group', count)
  function* memberships(tenantId?: string): Generator<CopyRow> {
    for (const id of ids)
      for (const member of members) yield tenantId === undefined ? [id, member] : [tenantId, id, member]
  }
  await copyInto(ownerUrl, 'membership', 'tenant_id, group_id, member_id', memberships(tenant.id))
  if (isBare) {
    const bareGroups = ids.map((id): CopyRow => [id, 1])
    await copyInto(ownerUrl, 'bare.groups', 'id, version', bareGroups)
    await copyInto(ownerUrl, 'bare.members', 'group_id, member_id', memberships())
  }
  if (count * members.length >= worthAnalyzing)
    await asOwner(ownerUrl, 'vacuum (analyze) resource, membership, bare.members, bare.groups')
  return ids
}
