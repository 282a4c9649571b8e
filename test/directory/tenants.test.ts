import { expect, test } from 'vitest'
import { dropTenant } from '#directory/drop-tenant.ts'
import { StaleEpochError, takeEpoch } from '#directory/owner.ts'
import { putTenant, restoreTenant, tombstoneTenant } from '#directory/tenant-writes.ts'
import {
  revocationCounter,
  tenantByHost,
  tenantById,
  tenantBySlug,
  tenantForOwner,
  tenantsToDrop,
} from '#directory/tenants.ts'
import { newTenant, opened } from '#test/kit/builders.ts'
import { fill, rowsOf } from '#test/kit/rows.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

const now = new Date('2026-11-22T12:00:00Z')

test('a tenant that was put is found by host, slug, id and owner, as it was put', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = newTenant({
    hosts: [
      { hostname: 'a.test', origin: 'https://a.test:8443' },
      { hostname: 'b.test', origin: 'http://b.test' },
    ],
  })
  expect(await putTenant(owner, tenant)).toEqual({ kind: 'ok' })
  const record = { ...tenant, deleted: null, deleteAfter: null }
  expect(await tenantByHost(app, 'b.test')).toEqual(record)
  expect(await tenantBySlug(app, tenant.slug)).toEqual(record)
  expect(await tenantById(app, tenant.id)).toEqual(record)
  expect(await tenantForOwner(directory, { uid: tenant.ownerUid })).toEqual(record)
  expect(await tenantForOwner(directory, { namespace: tenant.namespace, name: tenant.name })).toEqual(record)
  expect(await tenantByHost(app, 'c.test')).toBeUndefined()
})

test('hosts that a specification no longer names are gone, and free for others', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const [first, second] = [newTenant(), newTenant()]
  await putTenant(owner, first)
  const [host] = first.hosts
  const wanted = { ...second, hosts: host === undefined ? [] : [host] }
  expect(await putTenant(owner, wanted)).toEqual({
    kind: 'conflict',
    on: 'hostname',
    with: `default/${first.name}`,
    isRetained: false,
  })
  expect(await putTenant(owner, { ...first, hosts: [] })).toEqual({ kind: 'ok' })
  expect(await putTenant(owner, wanted)).toEqual({ kind: 'ok' })
})

test('a display name is taken in its namespace only, whatever its case', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const first = newTenant({ displayName: 'Straße' })
  await putTenant(owner, first)
  const same = newTenant({ displayName: 'STRAßE' })
  expect(await putTenant(owner, same)).toMatchObject({ kind: 'conflict', on: 'displayName' })
  expect(await putTenant(owner, { ...same, namespace: 'other' })).toEqual({ kind: 'ok' })
})

test('of two tenants that ask for one slug at the same time, one gets it and the other is told who', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenants = Array.from({ length: 4 }, () => newTenant({ slug: 'same', hosts: [] }))
  const outcomes = await Promise.all(tenants.map((tenant) => putTenant(owner, tenant)))
  expect(outcomes.filter(({ kind }) => kind === 'ok')).toHaveLength(1)
  const holder = await tenantBySlug(directory, 'same')
  const told = { kind: 'conflict', on: 'slug', with: `default/${holder?.name}`, isRetained: false }
  expect(outcomes.filter(({ kind }) => kind !== 'ok')).toEqual([told, told, told])
})

test('a tombstone frees display name and host, keeps its slug, and lives again when restored', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = newTenant()
  await putTenant(owner, tenant)
  const deleteAfter = new Date('2026-12-22T12:00:00Z')
  expect(await tombstoneTenant(owner, tenant.id, { now, deleteAfter })).toBe(true)
  expect(await tenantByHost(app, tenant.hosts[0]?.hostname ?? '')).toBeUndefined()
  expect(await tenantBySlug(app, tenant.slug)).toEqual({ ...tenant, hosts: [], deleted: now, deleteAfter })
  expect(await putTenant(owner, tenant)).toEqual({ kind: 'deleted' })
  const successor = newTenant({ displayName: tenant.displayName, hosts: tenant.hosts })
  expect(await putTenant(owner, { ...successor, slug: tenant.slug })).toMatchObject({
    on: 'slug',
    isRetained: true,
  })
  expect(await putTenant(owner, successor)).toEqual({ kind: 'ok' })
  expect(await restoreTenant(owner, tenant)).toMatchObject({ on: 'displayName' })
  await tombstoneTenant(owner, successor.id, { now, deleteAfter: null })
  expect(await restoreTenant(owner, { ...tenant, ownerUid: successor.id })).toEqual({ kind: 'ok' })
  expect(await tenantBySlug(app, tenant.slug)).toMatchObject({ deleted: null, ownerUid: successor.id })
})

test('a dropped tenant leaves no row in any table, and its neighbour keeps all of its own', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const [gone, neighbour] = [newTenant(), newTenant()]
  for (const { id } of [gone, neighbour]) await fill(directory, id)
  await putTenant(owner, gone)
  await putTenant(owner, neighbour)
  const before = await rowsOf(directory, neighbour.id)
  await tombstoneTenant(owner, gone.id, { now, deleteAfter: now })
  expect((await tenantsToDrop(directory, now)).map(({ id }) => id)).toEqual([gone.id])
  await dropTenant(owner, gone.id, { now })
  await dropTenant(owner, gone.id, { now })
  expect(Object.values(await rowsOf(directory, gone.id)).every((rows) => rows === 0)).toBe(true)
  expect(await rowsOf(directory, neighbour.id)).toEqual(before)
  expect(Object.values(before).every((rows) => rows > 0)).toBe(true)
})

test('a leader whose epoch is over writes nothing any more', async () => {
  await using db = await cloneDatabase()
  await using directory = await opened(db.ownerUrl)
  const old = await takeEpoch(directory)
  const tenant = newTenant()
  await putTenant(old, tenant)
  const next = await takeEpoch(directory)
  expect(next.epoch).toBe(old.epoch + 1)
  await expect(putTenant(old, { ...tenant, state: 'Disabled' })).rejects.toThrow(StaleEpochError)
  await expect(tombstoneTenant(old, tenant.id, { now, deleteAfter: null })).rejects.toThrow(StaleEpochError)
  await expect(dropTenant(old, tenant.id, { now })).rejects.toThrow(StaleEpochError)
  expect(await tenantById(directory, tenant.id)).toMatchObject({ state: 'Active', deleted: null })
  expect(await putTenant(next, { ...tenant, state: 'Disabled' })).toEqual({ kind: 'ok' })
})

test('the revocation counter moves with a tenant and its hosts, and not with a put that changes nothing', async () => {
  await using db = await cloneDatabase()
  await using app = await opened(db.appUrl)
  await using directory = await opened(db.ownerUrl)
  const owner = await takeEpoch(directory)
  const tenant = newTenant()
  const seen = [await revocationCounter(app)]
  const after = async (write: Promise<unknown>): Promise<void> => {
    await write
    seen.push(await revocationCounter(app))
  }
  await after(putTenant(owner, tenant))
  await after(putTenant(owner, { ...tenant, hosts: [] }))
  await after(putTenant(owner, { ...tenant, hosts: [], state: 'Disabled' }))
  await after(tombstoneTenant(owner, tenant.id, { now, deleteAfter: null }))
  expect(new Set(seen).size).toBe(seen.length)
  const quiet = newTenant()
  await putTenant(owner, quiet)
  const before = await revocationCounter(app)
  await putTenant(owner, quiet)
  expect(await revocationCounter(app)).toBe(before)
})
