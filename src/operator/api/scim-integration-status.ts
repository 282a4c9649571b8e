/** Status of a ScimIntegration: what is true, what a person copies, and what the operator must not forget. */
import { z } from 'zod'

import { Conditions, instant, mapList } from './common.ts'

/** Lost: issued once, and neither Secret nor database has its record any more. */
const tokenStates = ['Active', 'Retiring', 'Revoked', 'Expired', 'Lost'] as const

const TokenStatus = z.object({
  id: z.string().min(1).max(32),
  state: z.enum(tokenStates),
  createdTime: instant(),
  expirationTime: instant().exactOptional(),
  retirementTime: instant().exactOptional(),
  lastUsedTime: instant().exactOptional().describe('To the day.'),
})

const DeliveryStatus = z.object({
  tokenID: z.string().min(1).max(32),
  secretName: z.string().min(1).max(253),
  expirationTime: instant(),
  state: z.enum(['Pending', 'Acknowledged', 'Expired']),
})

const RotationStatus = z.object({
  lastRequestID: z.string().max(64).exactOptional(),
  lastSource: z.enum(['Generated', 'SecretRef']).exactOptional(),
})

/** The tokens of one purpose: the identity provider's, or one reader's. Never a hash, never a plain token. */
const tokenFields = {
  tokens: mapList(TokenStatus, 'id', 4).exactOptional(),
  delivery: DeliveryStatus.exactOptional(),
  rotation: RotationStatus.exactOptional(),
}

export const TokensStatus = z.object(tokenFields)
export type TokensStatus = z.output<typeof TokensStatus>

export const ScimIntegrationStatus = z.object({
  observedGeneration: z.int().min(0).exactOptional(),
  conditions: Conditions.exactOptional(),
  tenantID: z.string().max(63).exactOptional(),
  baseURL: z
    .string()
    .max(512)
    .exactOptional()
    .describe('What the administrator of the identity provider copies.'),
  ...tokenFields,
  readers: mapList(z.object({ name: z.string().max(40), ...tokenFields }), 'name', 8).exactOptional(),
  route: z
    .object({
      kind: z.enum(['HTTPRoute', 'Ingress']),
      name: z.string().max(253),
      hostname: z.string().max(253).exactOptional(),
    })
    .exactOptional(),
  lastHandledReconcileAt: z
    .string()
    .max(256)
    .exactOptional()
    .describe('Echo of the annotation scim-operator.io/reconcile-requested-at.'),
})

export type ScimIntegrationStatus = z.output<typeof ScimIntegrationStatus>
