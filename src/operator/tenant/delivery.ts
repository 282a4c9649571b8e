/**
 * The delivery Secret: the only place where a token stands as text, once, until someone takes it or its time is over.
 * It is also the write-ahead log of an issue, so it carries a MAC: a Secret planted under its name is refused.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

import * as z from 'zod'

import { acknowledgedAnnotation, deliveryMacAnnotation, deliverySecretName, tokenIdLabel } from './names.ts'
import { childMetadata, dataOf } from './manifests.ts'

import type { Keyring, Pepper } from '#directory/token.ts'
import type { KubeObject } from '#operator/kube.ts'

import type { Owner } from './names.ts'
import type { DeliveryFacts, Issue } from './tokens.ts'

export const deliveryType = 'scim-operator.io/token-delivery'
const excludeFromBackup = 'velero.io/exclude-from-backup'

export interface Delivery {
  readonly owner: Owner
  /** Null for the identity provider's token. */
  readonly reader: string | null
  readonly issue: Issue
  readonly token: string
  readonly created: Date
  /** Where the token is used, if the operator knows. */
  readonly baseURL: string | undefined
}

/** The Secret to create. Its data is for a person, except `requestID` and the times, which are for a restart. */
export function deliverySecret(delivery: Delivery, keyring: Keyring): KubeObject {
  const { owner, reader, issue, token, created, baseURL } = delivery
  const data = {
    token,
    tokenID: issue.id,
    ...(baseURL === undefined ? {} : { baseURL }),
    ...(reader === null ? {} : { reader }),
    createdTime: created.toISOString(),
    expirationTime: issue.expires.toISOString(),
    deliveryExpirationTime: issue.deliveryExpires.toISOString(),
    ...(issue.requestID === undefined ? {} : { requestID: issue.requestID }),
  }
  const metadata = childMetadata(owner, deliverySecretName(owner, reader, issue.sequence))
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [tokenIdLabel]: issue.id, [excludeFromBackup]: 'true' },
      annotations: { [deliveryMacAnnotation]: macOf(keyring.current(), owner.uid, data) },
    },
    type: deliveryType,
    immutable: true,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  }
}

const DeliveryData = z.object({
  token: z.string(),
  tokenID: z.string(),
  baseURL: z.string().exactOptional(),
  reader: z.string().exactOptional(),
  createdTime: z.iso.datetime(),
  expirationTime: z.iso.datetime(),
  deliveryExpirationTime: z.iso.datetime(),
  requestID: z.string().exactOptional(),
})
type DeliveryData = z.output<typeof DeliveryData>

export interface ReadDelivery extends DeliveryFacts {
  readonly reader: string | null
  readonly token: string
}

/** What a delivery Secret says; undefined if it was not made for this owner by someone who holds the pepper. */
export function readDelivery(secret: KubeObject, uid: string, keyring: Keyring): ReadDelivery | undefined {
  const parsed = DeliveryData.safeParse(dataOf(secret))
  const mac = secret.metadata.annotations?.[deliveryMacAnnotation]
  if (!parsed.success || mac === undefined || !isAuthentic(keyring, uid, parsed.data, mac)) return undefined
  const { data } = parsed
  return {
    secretName: secret.metadata.name,
    reader: data.reader ?? null,
    token: data.token,
    tokenId: data.tokenID,
    created: new Date(data.createdTime),
    tokenExpires: new Date(data.expirationTime),
    expires: new Date(data.deliveryExpirationTime),
    isAcknowledged: secret.metadata.annotations?.[acknowledgedAnnotation] === data.tokenID,
    source: 'Generated',
    ...(data.requestID === undefined ? {} : { requestID: data.requestID }),
  }
}

/** `v1.<kid>.<base64url>` over the uid and everything in the Secret. */
function macOf({ kid, key }: Pepper, uid: string, data: DeliveryData): string {
  const fields = [
    'token-delivery',
    uid,
    data.token,
    data.tokenID,
    data.baseURL,
    data.reader,
    data.createdTime,
    data.expirationTime,
    data.deliveryExpirationTime,
    data.requestID,
  ]
  const text = JSON.stringify(fields.map((field) => field ?? null))
  return `v1.${kid}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

function isAuthentic(keyring: Keyring, uid: string, data: DeliveryData, mac: string): boolean {
  const pepper = keyring.find(mac.split('.')[1] ?? '')
  if (pepper === undefined) return false
  const expected = Buffer.from(macOf(pepper, uid, data))
  const actual = Buffer.from(mac)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}
