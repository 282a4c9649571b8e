/**
 * Token records stand twice, in the hash Secret and in Postgres, each under its MAC. This joins the two: what one
 * side lost or had changed comes back from the other, and where both are authentic the stricter one holds.
 */
import * as z from 'zod'

import { tenantIdOf } from '#directory/tenant-scope.ts'
import { macOf, recordIsAuthentic } from '#directory/token.ts'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { Keyring, TokenRecord } from '#directory/token.ts'

const instant = z.iso.datetime().transform((text) => new Date(text))

/** One entry of the hash Secret. */
const StoredRecord = z.object({
  tenantId: z.string().transform(tenantIdOf),
  id: z.string(),
  keyId: z.string(),
  digest: z.string(),
  mac: z.string(),
  scope: z.enum(['provision', 'read']),
  reader: z.string().nullable(),
  notBefore: instant,
  expires: instant.nullable(),
  retires: instant.nullable(),
  revoked: instant.nullable(),
  created: instant,
})

/** The text of an entry: everything but `lastUsed`, which moves daily and has no MAC. */
export function printRecord(record: TokenRecord): string {
  const { tenantId, id, keyId, digest, mac, scope, reader, notBefore, expires, retires, revoked, created } =
    record
  return JSON.stringify({
    tenantId,
    id,
    keyId,
    digest,
    mac,
    scope,
    reader,
    notBefore,
    expires,
    retires,
    revoked,
    created,
  })
}

/** The entry of a Secret; undefined if it is none. Nothing is said yet about its MAC. */
export function parseRecord(text: string): TokenRecord | undefined {
  try {
    const parsed = StoredRecord.safeParse(JSON.parse(text))
    return parsed.success ? { ...parsed.data, lastUsed: null } : undefined
  } catch {
    return undefined
  }
}

export interface JoinedRecords {
  /** Authentic, one per id, the stricter of both sides. */
  readonly records: readonly TokenRecord[]
  /** Ids that one side lacked, or held with a wrong MAC, while the other knew them. */
  readonly missingInSecret: readonly string[]
  readonly missingInRows: readonly string[]
  /** Ids of rows that nothing vouches for. */
  readonly forgedRows: readonly string[]
}

export interface RecordSides {
  readonly tenantId: TenantId
  readonly secret: readonly TokenRecord[]
  readonly rows: readonly TokenRecord[]
}

/** Joins both sides; records of another tenant and records whose MAC is wrong count as absent. */
export function joinRecords(keyring: Keyring, { tenantId, secret, rows }: RecordSides): JoinedRecords {
  const isTrue = (record: TokenRecord) => record.tenantId === tenantId && recordIsAuthentic(keyring, record)
  const inSecret = new Map(secret.filter(isTrue).map((record) => [record.id, record]))
  const inRows = new Map(rows.filter(isTrue).map((record) => [record.id, record]))
  const ids = [...new Set([...inSecret.keys(), ...inRows.keys()])]
  return {
    records: ids.flatMap((id) => stricter(keyring, inRows.get(id), inSecret.get(id))),
    missingInSecret: ids.filter((id) => !inSecret.has(id)),
    missingInRows: ids.filter((id) => !inRows.has(id)),
    forgedRows: rows.map(({ id }) => id).filter((id) => !ids.includes(id)),
  }
}

function stricter(
  keyring: Keyring,
  row: TokenRecord | undefined,
  entry: TokenRecord | undefined,
): TokenRecord[] {
  if (row === undefined || entry === undefined) return [row, entry].filter((record) => record !== undefined)
  return [
    resealed(keyring, row, {
      expires: earliest(row.expires, entry.expires),
      retires: earliest(row.retires, entry.retires),
      revoked: earliest(row.revoked, entry.revoked),
    }),
  ]
}

type Ends = Pick<TokenRecord, 'expires' | 'retires' | 'revoked'>

/** The record with other ends and a new MAC; the same record if they are what they were. */
export function resealed(keyring: Keyring, record: TokenRecord, ends: Ends): TokenRecord {
  const isSame = (['expires', 'retires', 'revoked'] as const).every(
    (end) => record[end]?.getTime() === ends[end]?.getTime(),
  )
  return isSame ? record : sealed(keyring, { ...record, ...ends })
}

export function sealed(keyring: Keyring, record: Omit<TokenRecord, 'mac'>): TokenRecord {
  return { ...record, mac: macOf(keyring.current(), record) }
}

function earliest(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}
