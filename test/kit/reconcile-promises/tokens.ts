/** What is promised of tokens, on whatever adapter: issued once, delivered once, rotated, restored and revoked. */
import { describe, expect, test } from 'vitest'

import { tenantForOwner } from '#directory/tenants.ts'
import { digestOf, tokenIdOf } from '#directory/token.ts'
import { tokensOf } from '#directory/tokens.ts'
import { deliverySecretName, sequenceOf } from '#operator/tenant/names.ts'
import { secrets } from '#test/kit/kube-folder.ts'
import { aSecret, anIntegration } from '#test/kit/manifests.ts'
import { Crash } from '#test/kit/operator.ts'
import { testKeyring } from '#test/kit/test-keyring.ts'

import type { TokenRecord } from '#directory/token.ts'
import type { KubeObject } from '#operator/kube.ts'
import type { OpenQuiet, QuietOperator } from '#test/kit/operator.ts'

const name = 'okta'

async function rowsOf(operator: QuietOperator): Promise<TokenRecord[]> {
  const tenant = await tenantForOwner(operator.directory, { namespace: operator.namespace, name })
  return tenant === undefined ? [] : tokensOf(operator.directory, tenant.id)
}

/** The tokens that a server would accept now, of the identity provider. */
async function accepted(operator: QuietOperator): Promise<number[]> {
  const now = operator.now.getTime()
  const rows = await rowsOf(operator)
  return rows
    .filter(({ reader, notBefore }) => reader === null && notBefore.getTime() <= now)
    .filter((row) =>
      [row.expires, row.retires, row.revoked].every((end) => end === null || end.getTime() > now),
    )
    .map(({ id }) => sequenceOf(id))
    .toSorted((a, b) => a - b)
}

async function deliveries(operator: QuietOperator): Promise<KubeObject[]> {
  const found = await operator.objects(secrets)
  return found.filter(({ metadata }) => metadata.name !== 'okta-scim-token')
}

/** The text of the token that waits, checked against the row that stands for it. */
async function deliveredToken(operator: QuietOperator): Promise<string> {
  const { status } = await operator.integration(name)
  const { token = '' } = await operator.secret(status.delivery?.secretName ?? '')
  const row = (await rowsOf(operator)).find(({ id }) => id === tokenIdOf(token))
  expect(row?.digest).toBe(digestOf(testKeyring.current(), row!.tenantId, token))
  return token
}

async function acknowledge(operator: QuietOperator): Promise<void> {
  const { delivery } = (await operator.integration(name)).status
  const annotations = { 'scim-operator.io/acknowledged': delivery?.tokenID ?? '' }
  await operator.apply(aSecret(delivery?.secretName ?? '', undefined, annotations))
  await operator.reconcile(name)
}

/** One pass that ends after so many writes, or by itself if it has fewer. */
async function untilKilled(operator: QuietOperator, crashAfter: number): Promise<void> {
  try {
    await operator.reconcile(name, { crashAfter })
  } catch (error) {
    if (!(error instanceof Crash)) throw error
  }
}

const rotation = (requestID: string) => ({ token: { rotation: { requestID } } })

const put = (operator: QuietOperator, token: string) => operator.apply(aSecret('mine', { secret: token }))

/** Declares the tests. */
export function tokensPromises(open: OpenQuiet): void {
  const anIssued = async (spec: Record<string, unknown> = {}): Promise<QuietOperator> => {
    const operator = await open()
    await operator.apply(anIntegration(name, spec))
    await operator.reconcile(name)
    return operator
  }

  test('K2: a token is delivered once, taken, and stands as hash only', async () => {
    await using operator = await anIssued()
    const token = await deliveredToken(operator)
    await acknowledge(operator)
    expect(await deliveries(operator)).toEqual([])
    expect(await operator.condition(name, 'TokenReady')).toBe('True/Issued')
    expect(await accepted(operator)).toEqual([1])
    const written = JSON.stringify([
      await operator.secret('okta-scim-token'),
      await operator.integration(name),
    ])
    expect(written).not.toContain(token)
  })

  test('a delivery that nobody takes goes at its time, which the reconcile names', async () => {
    await using operator = await anIssued({ token: { delivery: { ttlSeconds: 300 } } })
    const { requeueAfterMs } = await operator.reconcile(name)
    expect(requeueAfterMs).toBe(300_000)
    operator.pass(300)
    await operator.reconcile(name)
    expect(await deliveries(operator)).toEqual([])
    expect(await operator.condition(name, 'TokenReady')).toBe('True/DeliveryExpired')
    expect(await accepted(operator)).toEqual([1])
  })

  /** Finalizer, tenant, delivery, Secret, row, route: killed before the first, …, and after the last of them. */
  test.for([0, 1, 2, 3, 4, 5, 6].map((after) => ({ after })))(
    'killed after $after writes of a first pass, the next passes end with one valid token that its delivery holds',
    async ({ after }) => {
      await using operator = await open()
      await operator.apply(anIntegration(name))
      await untilKilled(operator, after)
      operator.pass(10)
      await operator.reconcile(name)
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([1])
      expect(await deliveries(operator)).toHaveLength(1)
      await deliveredToken(operator)
      expect(await operator.condition(name, 'Ready')).toBe('True/Available')
    },
  )

  test.for([0, 1, 2, 3].map((after) => ({ after })))(
    'killed after $after writes of a rotation, the next passes rotate exactly once',
    async ({ after }) => {
      await using operator = await anIssued()
      await acknowledge(operator)
      await operator.apply(anIntegration(name, rotation('a')))
      await untilKilled(operator, after)
      operator.pass(10)
      await operator.reconcile(name)
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([1, 2])
      await deliveredToken(operator)
      operator.pass(86_400)
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([2])
    },
  )

  test('a rotation overlaps, says so, and ends by itself at the instant that the reconcile names', async () => {
    await using operator = await anIssued()
    await acknowledge(operator)
    await operator.apply(
      anIntegration(name, { token: { rotation: { requestID: 'a', overlapSeconds: 120 } } }),
    )
    await operator.reconcile(name)
    expect(await operator.condition(name, 'Progressing')).toBe('True/Rotating')
    const { status } = await operator.integration(name)
    expect(status.rotation?.lastRequestID).toBe('a')
    expect(status.tokens?.map(({ id, state }) => `${sequenceOf(id)} ${state}`).toSorted()).toEqual([
      '1 Retiring',
      '2 Active',
    ])
    expect(status.tokens?.find(({ state }) => state === 'Retiring')?.retirementTime).toBe(
      '2026-11-22T10:02:00Z',
    )
    expect((await operator.reconcile(name)).requeueAfterMs).toBe(120_000)
    operator.pass(120)
    await operator.reconcile(name)
    expect(await accepted(operator)).toEqual([2])
    expect(await operator.condition(name, 'Progressing')).toBe('False/Idle')
  })

  test('a revoked token is dead in the database, and a later list without it does not bring it back', async () => {
    await using operator = await anIssued()
    const [row] = await rowsOf(operator)
    await operator.apply(anIntegration(name, { token: { revokedTokenIDs: [row!.id] } }))
    await operator.reconcile(name)
    expect(await accepted(operator)).toEqual([])
    expect(await operator.condition(name, 'TokenReady')).toBe('False/TokenRevoked')
    await operator.apply(anIntegration(name))
    await operator.reconcile(name)
    expect(await accepted(operator)).toEqual([])
  })

  describe('what somebody does to the records', () => {
    test('a Secret that is deleted comes back from the rows, and people are told', async () => {
      await using operator = await anIssued()
      const before = await operator.secret('okta-scim-token')
      await operator.delete(secrets, 'okta-scim-token')
      await operator.reconcile(name)
      expect(await operator.secret('okta-scim-token')).toEqual(before)
      const { values } = await operator.metrics.driftCorrections.get()
      expect(values).toMatchObject([{ labels: { kind: 'Secret' }, value: 1 }])
    })

    test('rows that are deleted come back from the Secret', async () => {
      await using operator = await anIssued()
      const before = await rowsOf(operator)
      await operator.directory.pool.query('delete from token')
      await operator.reconcile(name)
      expect(await rowsOf(operator)).toEqual(before)
    })

    test('an extended date is put back, in the row and in the Secret', async () => {
      await using operator = await anIssued()
      const before = await rowsOf(operator)
      await operator.directory.pool.query("update token set expires = '2099-01-01'")
      await operator.reconcile(name)
      expect(await rowsOf(operator)).toEqual(before)
      const entries = await operator.secret('okta-scim-token')
      const forged = Object.entries(entries).map(([id, text]) => [id, text.replace('2027', '2099')])
      await operator.apply(aSecret('okta-scim-token', Object.fromEntries(forged)))
      await operator.reconcile(name)
      expect(await operator.secret('okta-scim-token')).toEqual(entries)
    })

    test('a digest that somebody plants in the database is removed', async () => {
      await using operator = await anIssued()
      await operator.directory.pool.query(
        `insert into token select tenant_id, 'planted00001', key_id, 'v1.hs256.k1.planted', mac, scope, reader, not_before,
        expires, retires, revoked, last_used, created from token`,
      )
      await operator.reconcile(name)
      expect((await rowsOf(operator)).map(({ id }) => sequenceOf(id))).toEqual([1])
    })

    test('when both are gone the token is lost, and only a request brings another', async () => {
      await using operator = await anIssued()
      await acknowledge(operator)
      await operator.directory.pool.query('delete from token')
      await operator.delete(secrets, 'okta-scim-token')
      await operator.reconcile(name)
      await operator.reconcile(name)
      expect(await operator.condition(name, 'TokenReady')).toBe('False/TokenLost')
      expect(await accepted(operator)).toEqual([])
      await operator.apply(anIntegration(name, rotation('recover')))
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([2])
      await deliveredToken(operator)
    })
  })

  describe('a Secret that somebody plants where a token is to be delivered', () => {
    test('is neither used nor overwritten, and everything else goes on', async () => {
      await using operator = await open()
      await operator.apply(anIntegration(name, { readers: [{ name: 'app' }] }))
      const { uid } = (await operator.integration(name)).metadata
      const place = deliverySecretName({ namespace: operator.namespace, name, uid }, null, 1)
      await operator.apply(aSecret(place, { token: 'mine' }))
      await operator.reconcile(name)
      expect(await operator.secret(place)).toEqual({ token: 'mine' })
      expect(await operator.condition(name, 'Degraded')).toBe('True/SecretInvalid')
      expect(await operator.condition(name, 'TokenReady')).toBe('False/SecretInvalid')
      expect((await rowsOf(operator)).map(({ reader }) => reader)).toEqual(['app'])
      await operator.delete(secrets, place)
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([1])
      await deliveredToken(operator)
    })
  })

  describe('a token that people bring along', () => {
    const source = { token: { source: 'SecretRef', secretRef: { name: 'mine', key: 'secret' } } }
    const mine = 'Zk3vQ9xT7mB2nL5pR8sW1yD4fG6hJ0kA'
    test('is hashed once and then not read any more', async () => {
      await using operator = await open()
      await put(operator, mine)
      await operator.apply(anIntegration(name, source))
      await operator.reconcile(name)
      expect(await operator.condition(name, 'TokenReady')).toBe('True/UserProvided')
      const [row] = await rowsOf(operator)
      expect(row?.digest).toBe(digestOf(testKeyring.current(), row!.tenantId, mine))
      await operator.delete(secrets, 'mine')
      await operator.reconcile(name)
      expect(await operator.condition(name, 'TokenReady')).toBe('True/UserProvided')
    })

    test('that is missing or weak gives a condition, and is taken when it is there', async () => {
      await using operator = await anIssued(source)
      expect(await operator.condition(name, 'TokenReady')).toBe('False/SecretInvalid')
      await put(operator, 'short')
      const { requeueAfterMs } = await operator.reconcile(name)
      expect(requeueAfterMs).toBeLessThanOrEqual(30_000)
      expect(await operator.condition(name, 'Degraded')).toBe('True/SecretInvalid')
      await put(operator, mine)
      await operator.reconcile(name)
      expect(await operator.condition(name, 'TokenReady')).toBe('True/UserProvided')
      expect(await operator.condition(name, 'Degraded')).toBe('False/AsExpected')
    })

    test('replaces a minted one with an overlap, and must be a new one at each rotation', async () => {
      await using operator = await anIssued()
      await acknowledge(operator)
      await put(operator, mine)
      await operator.apply(anIntegration(name, source))
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([1, 2])
      const again = { token: { ...source.token, rotation: { requestID: 'b' } } }
      await operator.apply(anIntegration(name, again))
      await operator.reconcile(name)
      expect(await operator.condition(name, 'Degraded')).toBe('True/SecretInvalid')
      expect(await accepted(operator)).toEqual([1, 2])
      await put(operator, mine.split('').toReversed().join(''))
      await operator.reconcile(name)
      expect(await accepted(operator)).toEqual([2, 3])
    })
  })

  describe('readers', () => {
    test('get tokens of their own that read only, delivered under their names', async () => {
      await using operator = await anIssued({ readers: [{ name: 'app' }, { name: 'audit' }] })
      const rows = await rowsOf(operator)
      expect(rows.map(({ reader, scope }) => `${reader} ${scope}`).toSorted()).toEqual([
        'app read',
        'audit read',
        'null provision',
      ])
      const { readers = [] } = (await operator.integration(name)).status
      expect(
        readers.map(({ name, delivery }) => [name, delivery?.secretName.replace(/[0-9a-f]{8}/, 'HASH')]),
      ).toEqual([
        ['app', 'okta-HASH-reader-app-1'],
        ['audit', 'okta-HASH-reader-audit-1'],
      ])
      const { token = '', reader } = await operator.secret(readers[0]?.delivery?.secretName ?? '')
      expect([reader, tokenIdOf(token)]).toEqual(['app', readers[0]?.tokens?.[0]?.id])
    })

    test('rotate alone, and lose their tokens when they leave the spec', async () => {
      await using operator = await anIssued({ readers: [{ name: 'app' }] })
      await operator.apply(anIntegration(name, { readers: [{ name: 'app', rotation: { requestID: 'r' } }] }))
      await operator.reconcile(name)
      expect(
        (await rowsOf(operator)).map(({ reader, id }) => `${reader} ${sequenceOf(id)}`).toSorted(),
      ).toEqual(['app 1', 'app 2', 'null 1'])
      await operator.apply(anIntegration(name))
      await operator.reconcile(name)
      const rows = await rowsOf(operator)
      expect(rows.filter(({ reader }) => reader === 'app').map(({ revoked }) => revoked)).toEqual([
        operator.now,
        operator.now,
      ])
      expect((await operator.integration(name)).status.readers).toBeUndefined()
      expect(await deliveries(operator)).toHaveLength(1)
    })
  })
}
