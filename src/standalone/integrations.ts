/** The integrations as people and programs outside want to know them: where they answer and where their tokens are. */
import { join } from 'node:path'

import { objectPath } from './kube-folder/object-file.ts'

import { ScimIntegration, scimIntegration } from '#operator/api/scim-integration.ts'

import type { Kube } from '#operator/kube.ts'

/** One entry of `ready.json`. */
export interface ReadyIntegration {
  readonly namespace: string
  readonly name: string
  readonly tenantID: string
  /** Answers on this machine without DNS. */
  readonly baseURL: string
  /** Path of the Secret with the token, or null once it was acknowledged or has expired. */
  readonly deliverySecret: string | null
  readonly readers: readonly { readonly name: string; readonly deliverySecret: string | null }[]
}

export interface Places {
  /** Folder of objects. */
  readonly kubernetes: string
  readonly scimPort: number
}

type Delivery = ScimIntegration['status']['delivery']

const secretKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }

/** All integrations as the operator would read them, by namespace and name. */
export const listIntegrations = async (kube: Kube): Promise<readonly ScimIntegration[]> => {
  const { items } = await kube.list(scimIntegration)
  return items.map((item) => ScimIntegration.parse(item))
}

/** Whether the operator has said its word on the manifest as it stands. */
export const isSettled = ({ metadata, status }: ScimIntegration): boolean =>
  status.observedGeneration === metadata.generation

/** Whether it is ready, and its status speaks of this start: the last one may have been on another port. */
export const isCurrent = (integration: ScimIntegration, entry: ReadyIntegration | undefined): boolean =>
  conditionOf(integration, 'Ready')?.status === 'True' &&
  (integration.status.route?.hostname !== undefined || integration.status.baseURL === entry?.baseURL)

/** The entry of an integration that has a tenant; undefined of others. */
export const readyEntry = async (
  kube: Kube,
  integration: ScimIntegration,
  places: Places,
): Promise<ReadyIntegration | undefined> => {
  const { metadata, spec, status } = integration
  const { tenantID } = status
  const hasTenant = conditionOf(integration, 'TenantReady')?.status === 'True'
  if (tenantID === undefined || !hasTenant || metadata.deletionTimestamp !== undefined) return undefined
  const pathOf = async (delivery: Delivery): Promise<string | null> => {
    if (delivery?.state !== 'Pending') return null
    const key = { namespace: metadata.namespace, name: delivery.secretName }
    const secret = await kube.get(secretKind, key)
    return secret === undefined ? null : join(places.kubernetes, objectPath(secretKind.plural, key))
  }
  const readers = (spec.readers ?? []).map(async ({ name }) => ({
    name,
    deliverySecret: await pathOf(status.readers?.find((reader) => reader.name === name)?.delivery),
  }))
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    tenantID,
    baseURL: `http://127.0.0.1:${places.scimPort}/t/${tenantID}${spec.endpoint.path}`,
    deliverySecret: await pathOf(status.delivery),
    readers: await Promise.all(readers),
  }
}

export const conditionOf = ({ status }: ScimIntegration, type: string) =>
  status.conditions?.find((condition) => condition.type === type)
