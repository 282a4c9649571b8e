/**
 * All purposes of an integration together: decisions become Secrets and rows. The order in which they are written is
 * what makes a crash harmless: deliveries, Secret of records, rows, and only then are old deliveries removed. Pure;
 * randomness and peppers are arguments.
 */
import { digestOf, mintToken } from '#directory/token.ts'

import { deliverySecret } from './delivery.ts'
import { contains, hashSecret, isOwnedBy } from './manifests.ts'
import { decideAll, isWanted } from './token-observation.ts'
import { printRecord, resealed, sealed } from './token-records.ts'

import type { Keyring, TokenRecord } from '#directory/token.ts'
import type { KubeObject } from '#operator/kube.ts'

import type { TokenObservation } from './token-observation.ts'
import type { DropReason, Issue, TokenDecision, TokenTimes } from './tokens.ts'

export interface TokenTools {
  readonly keyring: Keyring
  /** Random bytes from a secure source. */
  readonly random: (bytes: number) => Uint8Array
  readonly now: Date
  /** Where the identity provider's token is used, if known, and where readers'. */
  readonly baseURL: string | undefined
  readonly directoryURL: string | undefined
}

export interface SecretRemoval {
  readonly object: KubeObject
  readonly reason: DropReason
  readonly tokenId: string
}

export interface TokenPlan {
  readonly decisions: readonly TokenDecision[]
  /** To be created, never overwritten. */
  readonly deliveries: readonly KubeObject[]
  /** To be applied; undefined if it is as it should be. */
  readonly hashSecret: KubeObject | undefined
  readonly putRows: readonly TokenRecord[]
  readonly removeRows: readonly string[]
  readonly removeSecrets: readonly SecretRemoval[]
  /** The Secret of records has our name and is somebody else's. */
  readonly foreignSecret: KubeObject | undefined
  readonly observation: TokenObservation
}

/** How long before its issue a token is valid: clocks of servers differ. */
const clockSkewMs = 300_000

/** Decides for every purpose and prepares what is to be written. */
export function planTokens(observation: TokenObservation, tools: TokenTools): TokenPlan {
  const { world, joined } = observation
  const decisions = decideAll(observation, tools.now)
  const made = decisions.flatMap((decision) =>
    decision.issue === undefined ? [] : [make(observation, decision, decision.issue, tools)],
  )
  const kept = decisions.flatMap((decision) =>
    decision.keep.map((times) => recordFor(observation, decision, times, tools)),
  )
  const records = [...made.map(({ record }) => record), ...kept]
  const rotations = decisions
    .filter(({ reader }) => isWanted(world.integration, reader))
    .map(({ reader, done }) => [reader ?? '', done] as const)
  const wanted = hashSecret(world.owner, records, Object.fromEntries(rotations))
  const forgotten = decisions.flatMap(({ forget }) => forget)
  const live = world.hashSecret
  const rows = new Map(world.rows.map((row) => [row.id, printRecord(row)]))
  return {
    decisions,
    deliveries: made.flatMap(({ delivery }) => (delivery === undefined ? [] : [delivery])),
    hashSecret: isAsWanted(live, wanted, forgotten) ? undefined : wanted,
    putRows: records.filter((record) => rows.get(record.id) !== printRecord(record)),
    removeRows: [...joined.forgedRows, ...forgotten].filter(
      (id) => rows.has(id) && !records.some((record) => record.id === id),
    ),
    removeSecrets: decisions.flatMap(({ drop }) =>
      drop.flatMap(({ delivery, reason }) => {
        const object = world.secrets.find(({ metadata }) => metadata.name === delivery.secretName)
        return object === undefined ? [] : [{ object, reason, tokenId: delivery.tokenId }]
      }),
    ),
    foreignSecret: live !== undefined && !isOwnedBy(live, world.owner.uid) ? live : undefined,
    observation,
  }
}

/** Entries that others added stay: nothing reads them. Those of forgotten tokens are ours and go. */
function isAsWanted(live: KubeObject | undefined, wanted: KubeObject, forgotten: readonly string[]): boolean {
  const data: unknown = live?.['data']
  const entries = typeof data === 'object' && data !== null ? Object.keys(data) : []
  return contains(live, wanted) && !forgotten.some((id) => entries.includes(id))
}

interface Made {
  readonly record: TokenRecord
  readonly delivery: KubeObject | undefined
}

/** The token of an issue: minted and to be delivered, or the one that was provided. */
function make(
  { world, tenantId }: TokenObservation,
  { reader }: TokenDecision,
  issue: Issue,
  tools: TokenTools,
): Made {
  const { keyring, random, now } = tools
  const identity = { tenantId, id: issue.id, reader, created: now, expires: issue.expires }
  if (issue.source === 'SecretRef') {
    if (world.provided?.kind !== 'token')
      throw new Error('A token is to be issued from a Secret that was not read')
    return { record: newRecord(identity, world.provided.token, keyring), delivery: undefined }
  }
  const token = mintToken({ id: issue.id, random: random(32) })
  const baseURL = reader === null ? tools.baseURL : tools.directoryURL
  const delivery = deliverySecret(
    { owner: world.owner, reader, issue, token, created: now, baseURL },
    keyring,
  )
  return { record: newRecord(identity, token, keyring), delivery }
}

type Identity = Pick<TokenRecord, 'tenantId' | 'id' | 'reader' | 'created' | 'expires'>

function newRecord(identity: Identity, token: string, keyring: Keyring): TokenRecord {
  const pepper = keyring.current()
  return sealed(keyring, {
    ...identity,
    keyId: pepper.kid,
    digest: digestOf(pepper, identity.tenantId, token),
    scope: identity.reader === null ? 'provision' : 'read',
    notBefore: new Date(identity.created.getTime() - clockSkewMs),
    retires: null,
    revoked: null,
    lastUsed: null,
  })
}

/** The record that is kept, with the ends that were decided; made of the delivery where an issue was cut short. */
function recordFor(
  { joined, deliveries, tenantId }: TokenObservation,
  { reader }: TokenDecision,
  times: TokenTimes,
  { keyring }: TokenTools,
): TokenRecord {
  const known = joined.records.find(({ id }) => id === times.id)
  if (known !== undefined) return resealed(keyring, known, times)
  const delivery = deliveries.find(({ tokenId }) => tokenId === times.id)
  if (delivery === undefined) throw new Error(`Token ${times.id} has neither record nor delivery`)
  const identity = { tenantId, id: times.id, reader, created: times.created, expires: times.expires }
  return resealed(keyring, newRecord(identity, delivery.token, keyring), times)
}
