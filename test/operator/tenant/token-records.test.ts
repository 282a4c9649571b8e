import { describe, expect, test } from 'vitest'

import { tenantIdOf } from '#directory/tenant-scope.ts'
import { joinRecords, parseRecord, printRecord, resealed, sealed } from '#operator/tenant/token-records.ts'
import { testKeyring } from '#test/kit/test-keyring.ts'

import type { TokenRecord } from '#directory/token.ts'

const tenantId = tenantIdOf('11111111-2222-4333-8444-555555555555')
const at = (text: string) => new Date(`2026-11-${text}T00:00:00.000Z`)

function record(id: string, changes: Partial<TokenRecord> = {}): TokenRecord {
  return sealed(testKeyring, {
    tenantId,
    id,
    keyId: 'k1',
    digest: `v1.hs256.k1.${'x'.repeat(43)}`,
    scope: 'provision',
    reader: null,
    notBefore: at('01'),
    expires: at('30'),
    retires: null,
    revoked: null,
    created: at('01'),
    lastUsed: null,
    ...changes,
  })
}

const join = (secret: readonly TokenRecord[], rows: readonly TokenRecord[]) =>
  joinRecords(testKeyring, { tenantId, secret, rows })

test('a record survives being printed into a Secret, its MAC included', () => {
  const original = record('a', { reader: 'app', scope: 'read', retires: at('20') })
  expect(parseRecord(printRecord(original))).toEqual(original)
})

test.for(['', '{}', 'null', '{"id":1}', printRecord(record('a')).replace('2026', 'never')])(
  'an entry that is no record is nothing: %s',
  (text) => expect(parseRecord(text)).toBeUndefined(),
)

describe('Secret and row', () => {
  test('each gives the other back what it lacks', () => {
    const joined = join([record('a')], [record('b')])
    expect(joined.records.map(({ id }) => id).toSorted()).toEqual(['a', 'b'])
    expect([joined.missingInSecret, joined.missingInRows]).toEqual([['b'], ['a']])
  })

  test('whoever was changed by hand is put back from the other', () => {
    const good = record('a')
    const extended = { ...good, expires: at('29'), mac: good.mac }
    expect(join([extended], [good]).records).toEqual([good])
    expect(join([extended], [good]).missingInSecret).toEqual(['a'])
    expect(join([good], [extended]).missingInRows).toEqual(['a'])
  })

  test('a digest that somebody plants is accepted from neither', () => {
    const planted = { ...record('a'), digest: `v1.hs256.k1.${'y'.repeat(43)}` }
    const joined = join([planted], [planted])
    expect([joined.records, joined.forgedRows]).toEqual([[], ['a']])
  })

  test('a record of another tenant is accepted from neither', () => {
    const foreign = record('a', { tenantId: tenantIdOf('99999999-2222-4333-8444-555555555555') })
    expect(join([foreign], []).records).toEqual([])
  })

  test('where both are authentic the stricter one holds: an old copy brings nothing back to life', () => {
    const live = record('a')
    const retired = record('a', { retires: at('10') })
    const revoked = record('a', { revoked: at('12') })
    expect(join([live], [retired]).records[0]?.retires).toEqual(at('10'))
    expect(join([retired], [live]).records[0]?.retires).toEqual(at('10'))
    expect(join([revoked], [retired]).records[0]).toMatchObject({ revoked: at('12'), retires: at('10') })
  })

  test('what the join makes of both is authentic itself', () => {
    const { records } = join([record('a', { revoked: at('12') })], [record('a', { retires: at('10') })])
    expect(join(records, []).records).toEqual(records)
  })
})

test('a record whose ends stay is the very same, so that nothing is written', () => {
  const same = record('a')
  expect(resealed(testKeyring, same, { expires: at('30'), retires: null, revoked: null })).toBe(same)
})

test('a record under a pepper that is no more counts as absent', () => {
  const emptied = { ...testKeyring, find: () => undefined }
  expect(joinRecords(emptied, { tenantId, secret: [record('a')], rows: [record('a')] }).records).toEqual([])
})
