import { randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tenantIdOf } from '#directory/tenant-scope.ts'
import {
  digestOf,
  keyIdOf,
  macOf,
  mintToken,
  newTokenId,
  recordIsAuthentic,
  tokenIdOf,
  tokenPattern,
  type Pepper,
  type TokenRecord,
} from '#directory/token.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const instants = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2200-01-01') })
const maybeInstant = fc.option(instants)
const peppers = fc.record({
  kid: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  key: bytes(32).map((key) => Buffer.from(key)),
})
const ringOf = (...held: readonly Pepper[]) => ({
  find: (kid: string) => held.find((pepper) => pepper.kid === kid),
})

const unsealed = fc.record({
  tenantId: fc.uuid().map(tenantIdOf),
  id: bytes(16).map(newTokenId),
  keyId: fc.constant('k1'),
  digest: fc.string(),
  scope: fc.constantFrom('provision' as const, 'read' as const),
  reader: fc.option(fc.string()),
  notBefore: instants,
  expires: maybeInstant,
  retires: maybeInstant,
  revoked: maybeInstant,
  created: instants,
})

test('every token has 68 characters, matches the published pattern and gives its id back', () => {
  fc.assert(
    fc.property(bytes(16), bytes(32), (idBytes, random) => {
      const id = newTokenId(idBytes)
      const token = mintToken({ id, random })
      expect(token).toHaveLength(68)
      expect(tokenPattern.exec(`secret: "${token}",`)?.[0]).toBe(token)
      expect(tokenIdOf(token)).toBe(id)
    }),
  )
})

test('two secrets never share a token: all 256 bits are in the text', () => {
  const id = newTokenId(randomBytes(16))
  const tokens = new Set<string>()
  for (let bit = 0; bit < 256; bit += 1) {
    const random = Buffer.alloc(32)
    random.writeUInt8(1 << (bit % 8), Math.floor(bit / 8))
    tokens.add(mintToken({ id, random }))
  }
  expect(tokens.size).toBe(256)
})

test('the checksum finds every single wrong character and every swap of neighbours', () => {
  fc.assert(
    fc.property(
      bytes(32),
      fc.nat(67),
      fc.constantFrom('0', 'A', 'a', 'z', '_', '-'),
      (random, at, replacement) => {
        const token = mintToken({ id: newTokenId(randomBytes(16)), random })
        const wrong = token.slice(0, at) + replacement + token.slice(at + 1)
        const swapped = token.slice(0, at) + (token[at + 1] ?? '') + (token[at] ?? '') + token.slice(at + 2)
        const accepted = [wrong, swapped].filter((text) => tokenIdOf(text) !== undefined)
        expect(accepted.every((text) => text === token)).toBe(true)
      },
    ),
  )
})

test.for([
  '',
  'scimt_',
  'Bearer x',
  'x'.repeat(68),
  ` ${mintToken({ id: 'abcdefABCDEF', random: Buffer.alloc(32) })}`,
])('text that is no token has no id: %j', (text) => {
  expect(tokenIdOf(text)).toBeUndefined()
})

test('an id of the wrong form, or too little randomness, mints nothing', () => {
  expect(() => mintToken({ id: 'short', random: Buffer.alloc(32) })).toThrow(RangeError)
  expect(() => mintToken({ id: 'abcdefABCDEF', random: Buffer.alloc(31) })).toThrow(RangeError)
  expect(() => newTokenId(Buffer.alloc(15))).toThrow(RangeError)
})

test('token ids are evenly spread over the alphabet', () => {
  const seen = new Map<string, number>()
  for (let round = 0; round < 5_000; round += 1) {
    for (const letter of newTokenId(randomBytes(16))) seen.set(letter, (seen.get(letter) ?? 0) + 1)
  }
  const counts = [...seen.values()]
  expect(seen.size).toBe(62)
  // 60,000 letters over 62: about 968 each, with a deviation of 31.
  expect(Math.min(...counts)).toBeGreaterThan(968 - 6 * 31)
  expect(Math.max(...counts)).toBeLessThan(968 + 6 * 31)
})

test('a digest names its key and differs by pepper, tenant and token', () => {
  const [one, two] = [tenantIdOf(randomUUID()), tenantIdOf(randomUUID())]
  const pepper = { kid: 'k1', key: randomBytes(32) }
  const other = { kid: 'k2', key: randomBytes(32) }
  const digest = digestOf(pepper, one, 'token')
  expect(digest).toMatch(/^v1\.hs256\.k1\.[\w-]{43}$/)
  expect(keyIdOf(digest)).toBe('k1')
  expect(digestOf(pepper, one, 'token')).toBe(digest)
  const others = [
    digestOf(other, one, 'token'),
    digestOf(pepper, two, 'token'),
    digestOf(pepper, one, 'token2'),
  ]
  expect(new Set([digest, ...others]).size).toBe(4)
})

test('a record is authentic as it was sealed, after a round trip through JSON too', () => {
  fc.assert(
    fc.property(unsealed, peppers, (fields, pepper) => {
      const record: TokenRecord = { ...fields, mac: macOf(pepper, fields), lastUsed: null }
      expect(recordIsAuthentic(ringOf(pepper), record)).toBe(true)
      expect(recordIsAuthentic(ringOf(pepper), { ...record, lastUsed: new Date() })).toBe(true)
    }),
  )
})

test('a record with any field of another record, or sealed by somebody else, is refused', () => {
  fc.assert(
    fc.property(unsealed, unsealed, peppers, peppers, (fields, other, pepper, stranger) => {
      const record: TokenRecord = { ...fields, mac: macOf(pepper, fields), lastUsed: null }
      for (const [key, value] of Object.entries(other)) {
        const tampered: TokenRecord = { ...record, [key]: value }
        const isSame = JSON.stringify(tampered) === JSON.stringify(record)
        expect(recordIsAuthentic(ringOf(pepper), tampered)).toBe(isSame)
      }
      fc.pre(!pepper.key.equals(stranger.key))
      expect(recordIsAuthentic(ringOf({ ...stranger, kid: pepper.kid }), record)).toBe(false)
      expect(recordIsAuthentic(ringOf(), record)).toBe(false)
    }),
  )
})

test.for(['', 'v1.hs256.k1.', 'v1.none.k1.', 'v2.hs256.k1.' + 'A'.repeat(43)])(
  'a record whose MAC is no MAC is refused: %j',
  (mac) => {
    const record: TokenRecord = {
      tenantId: tenantIdOf(randomUUID()),
      id: 'abcdefABCDEF',
      keyId: 'k1',
      digest: 'd',
      mac,
      scope: 'read',
      reader: null,
      notBefore: new Date(0),
      expires: null,
      retires: null,
      revoked: null,
      created: new Date(0),
      lastUsed: null,
    }
    expect(recordIsAuthentic(ringOf({ kid: 'k1', key: randomBytes(32) }), record)).toBe(false)
  },
)
