/** What the world says about the tokens of an integration, purpose by purpose, and the decision for each. Pure. */
import * as z from 'zod'

import { deliveryType, readDelivery } from './delivery.ts'
import { dataOf, isOwnedBy } from './manifests.ts'
import { deliverySecretName, rotationsAnnotation, sequenceOf } from './names.ts'
import { isKnown } from './provided-token.ts'
import { joinRecords, parseRecord } from './token-records.ts'
import { decideTokens } from './tokens.ts'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { Keyring } from '#directory/token.ts'
import type { TokensStatus } from '#operator/api/scim-integration-status.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'
import type { KubeObject } from '#operator/kube.ts'

import type { ReadDelivery } from './delivery.ts'
import type { Rotations } from './manifests.ts'
import type { JoinedRecords } from './token-records.ts'
import type { Issue, TokenDecision, TokenWish } from './tokens.ts'
import type { World } from './world.ts'

export interface TokenObservation {
  readonly world: World
  readonly tenantId: TenantId
  readonly joined: JoinedRecords
  readonly deliveries: readonly ReadDelivery[]
  readonly rotations: Rotations
  /** Why a token that is due cannot be issued, if so. */
  readonly problemWith: (issue: Issue, reader: string | null) => string | undefined
}

export function observeTokens(world: World, tenantId: TenantId, keyring: Keyring): TokenObservation {
  const { uid } = world.owner
  const own =
    world.hashSecret !== undefined && isOwnedBy(world.hashSecret, uid) ? world.hashSecret : undefined
  const secret = Object.entries(own === undefined ? {} : dataOf(own)).flatMap(([id, text]) => {
    const record = parseRecord(text)
    return record?.id === id ? [record] : []
  })
  const joined = joinRecords(keyring, { tenantId, secret, rows: world.rows })
  const claimed = world.secrets
    .filter((object) => object['type'] === deliveryType && isOwnedBy(object, uid))
    .map((object) => ({ name: object.metadata.name, delivery: readDelivery(object, uid, keyring) }))
  const occupied = new Set([
    ...world.occupied,
    ...claimed.flatMap(({ name, delivery }) => (delivery === undefined ? [name] : [])),
  ])
  return {
    world,
    tenantId,
    joined,
    deliveries: claimed.flatMap(({ delivery }) => (delivery === undefined ? [] : [delivery])),
    rotations: rotationsIn(own),
    problemWith(issue, reader) {
      if (issue.source === 'SecretRef') return providedProblem(world, tenantId, joined, keyring)
      const name = deliverySecretName(world.owner, reader, issue.sequence)
      return occupied.has(name)
        ? `Secret ${name} was not made by this operator and stands where a token is to be delivered: delete it.`
        : undefined
    },
  }
}

/** The decisions of all purposes: the identity provider's first, then readers, then readers that are no more. */
export function decideAll(observation: TokenObservation, now: Date): TokenDecision[] {
  const { joined, deliveries } = observation
  const readers = (observation.world.integration.spec.readers ?? []).map(({ name }) => name)
  const known = [...joined.records, ...deliveries].map(({ reader }) => reader)
  return [...new Set([null, ...readers, ...known])].map((reader) => decide(observation, reader, now))
}

/** Whether the Secret of `token.secretRef` has to be read: only for an issue, and never again after it. */
export function needsProvided(observation: TokenObservation, now: Date): boolean {
  return decide(observation, null, now).issue?.source === 'SecretRef'
}

/** Whether the spec still has the purpose. */
export function isWanted({ spec }: ScimIntegration, reader: string | null): boolean {
  return wishOf(spec, reader) !== undefined
}

/** What the status said of one purpose. */
export function statusBefore({ status }: ScimIntegration, reader: string | null): TokensStatus {
  return (reader === null ? status : status.readers?.find(({ name }) => name === reader)) ?? {}
}

function decide(observation: TokenObservation, reader: string | null, now: Date): TokenDecision {
  const { world, joined, deliveries, rotations, problemWith } = observation
  const { spec } = world.integration
  const before = statusBefore(world.integration, reader)
  return decideTokens(
    {
      uid: world.owner.uid,
      reader,
      wish: wishOf(spec, reader),
      records: joined.records.filter((record) => record.reader === reader),
      deliveries: deliveries.filter((delivery) => delivery.reader === reader),
      done: rotations[reader ?? ''] ?? {
        ...(before.rotation?.lastRequestID === undefined ? {} : { requestID: before.rotation.lastRequestID }),
        ...(before.rotation?.lastSource === undefined ? {} : { source: before.rotation.lastSource }),
      },
      shownSequence: Math.max(0, ...(before.tokens ?? []).map(({ id }) => sequenceOf(id))),
      revokedIds: new Set(spec.token.revokedTokenIDs),
      problemWith: (issue) => problemWith(issue, reader),
    },
    now,
  )
}

function wishOf({ token, readers }: ScimIntegration['spec'], reader: string | null): TokenWish | undefined {
  const deliveryTtlSeconds = token.delivery?.ttlSeconds ?? 3600
  if (reader === null) {
    return { source: token.source, ttlSeconds: token.ttlSeconds, deliveryTtlSeconds, ...token.rotation }
  }
  const found = readers?.find(({ name }) => name === reader)
  if (found === undefined) return undefined
  return { source: 'Generated', ttlSeconds: found.ttlSeconds, deliveryTtlSeconds, ...found.rotation }
}

const RotationsText = z.record(
  z.string(),
  z.object({
    requestID: z.string().exactOptional(),
    source: z.enum(['Generated', 'SecretRef']).exactOptional(),
  }),
)

function rotationsIn(secret: KubeObject | undefined): Rotations {
  try {
    return RotationsText.parse(JSON.parse(secret?.metadata.annotations?.[rotationsAnnotation] ?? '{}'))
  } catch {
    // Edited by hand: the status still knows.
    return {}
  }
}

function providedProblem(
  { provided }: World,
  tenantId: TenantId,
  { records }: JoinedRecords,
  keyring: Keyring,
): string | undefined {
  if (provided === undefined) return undefined
  if (provided.kind === 'problem') return provided.message
  return isKnown(provided.token, tenantId, records, keyring)
    ? 'The Secret of token.secretRef still holds a token that was issued before.'
    : undefined
}
