/** Fills the tenant and the bare tables with the same users and groups. */
import { randomUUIDv7 } from 'node:crypto'

import { asOwner } from './sql.ts'

import type { Side, World } from './world.ts'

/** Enough for the largest group and for those who join it while it is measured. */
const userCount = 20_000

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
    department: 'Engineering',
    employeeNumber: '{n}',
  },
}

/** The users' ids. One user is made by the product; the others are copies of its rows with ids and names of their own. */
export const seedUsers = async ({ product, ownerUrl, tenantId }: World): Promise<readonly string[]> => {
  const pattern = await send(product, '/Users', JSON.stringify(user).replaceAll('{n}', 'seed'))
  const ids = Array.from({ length: userCount }, () => randomUUIDv7())
  await asOwner(
    ownerUrl,
    `insert into resource (tenant_id, id, type, unique_key, display_key, external_id, active, data, folded, version,
        created, last_modified)
      select tenant_id, copy.id, type, unique_key || copy.n, display_key, external_id || copy.n, active,
        jsonb_set(data, '{userName}', to_jsonb(unique_key || copy.n)), folded, version, created, last_modified
      from resource cross join unnest($3::uuid[]) with ordinality as copy (id, n)
      where tenant_id = $1 and resource.id = $2`,
    [tenantId, pattern.id, ids],
  )
  await asOwner(
    ownerUrl,
    `insert into email (tenant_id, resource_id, ordinal, type, value_key)
      select tenant_id, copy.id, ordinal, type, value_key || copy.n
      from email cross join unnest($3::uuid[]) with ordinality as copy (id, n)
      where tenant_id = $1 and resource_id = $2`,
    [tenantId, pattern.id, ids],
  )
  await asOwner(
    ownerUrl,
    `insert into bare.users (id, user_name, data)
      select id, unique_key, $2::jsonb || jsonb_build_object('id', id, 'userName', unique_key)
      from resource where tenant_id = $1`,
    [tenantId, pattern.text],
  )
  await asOwner(ownerUrl, 'analyze')
  return ids
}

/** Groups of the first `size` users, in both; their ids. */
export const seedGroups = async (
  { product, ownerUrl }: World,
  userIds: readonly string[],
  { size, count }: { readonly size: number; readonly count: number },
): Promise<readonly string[]> => {
  const members = userIds.slice(0, size).map((value) => ({ value }))
  const ids: string[] = []
  for (let number = 0; number < count; number += 1) {
    const group = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: `Group ${number} of ${size}`,
      members,
    }
    ids.push((await send(product, '/Groups?excludedAttributes=members', JSON.stringify(group))).id)
  }
  await asOwner(ownerUrl, 'insert into bare.groups (id, version) select unnest($1::uuid[]), 1', [ids])
  await asOwner(
    ownerUrl,
    'insert into bare.members (group_id, member_id) select g, m from unnest($1::uuid[]) as g, unnest($2::uuid[]) as m',
    [ids, userIds.slice(0, size)],
  )
  await asOwner(ownerUrl, 'analyze membership, bare.members, bare.groups')
  return ids
}

const send = async (product: Side, path: string, body: string): Promise<{ id: string; text: string }> => {
  const { origin, method, headers, paths } = product.plan('POST', [path])
  const response = await fetch(`${origin}${paths[0] ?? ''}`, { method, headers, body })
  const text = await response.text()
  if (response.status !== 201) throw new Error(`POST ${path} was answered ${response.status}: ${text}`)
  return { id: String(JSON.parse(text).id), text }
}
