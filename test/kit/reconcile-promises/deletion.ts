/** What is promised of a deletion, on whatever adapter: what stays, what goes, and who may take it over. */
import { expect, test } from 'vitest'

import { tenantBySlug, tenantForOwner } from '#directory/tenants.ts'
import { tokensOf } from '#directory/tokens.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { keepHouse } from '#operator/housekeeping.ts'
import { takeEpoch } from '#directory/owner.ts'
import { createLogger } from '#platform/log.ts'
import { fakeClock } from '#test/kit/fake-clock.ts'
import { secrets } from '#test/kit/kube-folder.ts'
import { anIntegration } from '#test/kit/manifests.ts'
import { Crash, httpRoutes } from '#test/kit/operator.ts'

import type { OpenQuiet, QuietOperator } from '#test/kit/operator.ts'

const name = 'okta'
const patience = { timeout: 30_000 }
const keyOf = ({ namespace }: QuietOperator) => ({ namespace, name })

async function remove(operator: QuietOperator): Promise<void> {
  await operator.delete(scimIntegration, name)
  await operator.reconcile(name)
}

const tenant = (operator: QuietOperator) => tenantBySlug(operator.directory, 'okta-1')

/** Declares the tests. */
export function deletionPromises(open: OpenQuiet): void {
  const anIssued = async (spec: Record<string, unknown> = {}): Promise<QuietOperator> => {
    const operator = await open()
    await operator.apply(anIntegration(name, { tenantID: 'okta-1', ...spec }))
    await operator.reconcile(name)
    return operator
  }

  test('by default a deleted integration leaves its data, reachable by nobody, and none of its objects', async () => {
    await using operator = await anIssued()
    await remove(operator)
    expect(await operator.object(scimIntegration, name)).toBeUndefined()
    expect(await tenant(operator)).toMatchObject({ hosts: [], deleteAfter: null })
    expect((await tenant(operator))?.deleted).not.toBeNull()
    expect(await operator.objects(secrets)).toEqual([])
    expect(await operator.object(httpRoutes, 'okta-scim')).toBeUndefined()
  })

  test.for([
    { after: 0, finalizers: undefined },
    { after: 1, finalizers: ['scim-operator.io/tenant'] },
  ])(
    'before its finalizer stands nothing is written for an integration: killed after $after',
    async (row) => {
      await using operator = await open()
      await operator.apply(anIntegration(name, { tenantID: 'okta-1' }))
      await expect(operator.reconcile(name, { crashAfter: row.after })).rejects.toThrow(Crash)
      expect((await operator.integration(name)).metadata.finalizers).toEqual(row.finalizers)
      expect(await tenant(operator)).toBeUndefined()
      expect(await operator.objects(secrets)).toEqual([])
    },
  )

  test('Delete removes the data before the object goes', async () => {
    await using operator = await anIssued({ deletionPolicy: 'Delete' })
    await remove(operator)
    expect(await tenant(operator)).toBeUndefined()
    expect(await operator.object(scimIntegration, name)).toBeUndefined()
  })

  test('Delete with a grace keeps the data until it is over, and then the clock takes it', async () => {
    await using operator = await anIssued({ deletionPolicy: 'Delete', deletionGraceSeconds: 3600 })
    await remove(operator)
    const { deleteAfter } = (await tenant(operator)) ?? {}
    const stop = new AbortController()
    const clock = fakeClock((deleteAfter?.getTime() ?? 0) - 90_000)
    const owner = await takeEpoch(operator.directory)
    const house = keepHouse({
      owner,
      clock,
      log: createLogger('test', { level: 'silent' }),
      signal: stop.signal,
    })
    await expect.poll(() => clock.timers, patience).toBe(1)
    expect(await tenant(operator)).toBeDefined()
    await clock.advance(60_000)
    await expect.poll(() => clock.timers, patience).toBe(1)
    await clock.advance(60_000)
    await expect.poll(() => tenant(operator), patience).toBeUndefined()
    stop.abort()
    await house
  })

  test.for([0, 1, 2, 3, 4].map((after) => ({ after })))(
    'a deletion killed after $after writes goes on and ends the same',
    async ({ after }) => {
      await using operator = await anIssued()
      await operator.delete(scimIntegration, name)
      await expect(operator.reconcile(name, { crashAfter: after })).rejects.toThrow(Crash)
      await operator.reconcile(name)
      expect(await operator.object(scimIntegration, name)).toBeUndefined()
      expect((await tenant(operator))?.deleted).not.toBeNull()
    },
  )

  test('an integration deleted while it is being provisioned leaves nothing behind that answers', async () => {
    await using operator = await open()
    await operator.apply(anIntegration(name, { tenantID: 'okta-1' }))
    await expect(operator.reconcile(name, { crashAfter: 3 })).rejects.toThrow(Crash)
    await remove(operator)
    expect(await operator.object(scimIntegration, name)).toBeUndefined()
    expect((await tenant(operator))?.deleted).not.toBeNull()
    expect(await operator.objects(secrets)).toEqual([])
  })

  test('its successor of the same name and tenantID is told of the retained data, and may take it over with its token', async () => {
    await using operator = await anIssued()
    const before = await tenant(operator)
    const tokens = await tokensOf(operator.directory, before!.id)
    await remove(operator)
    await operator.apply(anIntegration(name, { tenantID: 'okta-1' }))
    await operator.reconcile(name)
    expect(await operator.condition(name, 'TenantReady')).toBe('False/TenantRetained')
    await operator.apply(anIntegration(name, { tenantID: 'okta-1', adoptionPolicy: 'IfRetained' }))
    await operator.reconcile(name)
    expect(await operator.condition(name, 'TenantReady')).toBe('True/Provisioned')
    const after = await tenant(operator)
    const { uid } = (await operator.integration(name)).metadata
    expect(after).toMatchObject({ id: before!.id, ownerUid: uid, deleted: null })
    expect(await tokensOf(operator.directory, after!.id)).toEqual(tokens)
    expect(await operator.condition(name, 'TokenReady')).toBe('True/Issued')
  })

  test('its successor of the same name gets a tenant of its own, and the old data is not touched', async () => {
    await using operator = await open()
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    const first = await tenantForOwner(operator.directory, keyOf(operator))
    await remove(operator)
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    await operator.reconcile(name)
    expect(await operator.condition(name, 'Ready')).toBe('True/Available')
    const second = await tenantForOwner(operator.directory, keyOf(operator))
    expect(second?.id).not.toBe(first?.id)
    await remove(operator)
    expect((await tenantBySlug(operator.directory, first!.slug))?.deleteAfter).toBeNull()
  })

  test('a refused integration can be deleted, and its deletion does not touch the tenant that it wanted', async () => {
    await using operator = await anIssued()
    await operator.apply(anIntegration('rival', { tenantID: 'okta-1', deletionPolicy: 'Delete' }))
    await operator.reconcile('rival')
    await operator.delete(scimIntegration, 'rival')
    await operator.reconcile('rival')
    expect(await operator.object(scimIntegration, 'rival')).toBeUndefined()
    expect((await tenant(operator))?.deleted).toBeNull()
  })
}
