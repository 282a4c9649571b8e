/** What a ScimIntegration says of its tokens: the identity provider's own and those of its readers. */
import { z } from 'zod'

import { dnsLabel, dnsSubdomain, withRules } from './common.ts'

export const daySeconds = 86_400

/** Half a year: long enough that a person renews it in calm, short enough that a forgotten one ends. */
const ttlSeconds = () =>
  z
    .int()
    .min(daySeconds)
    .max(365 * daySeconds)
    .default(180 * daySeconds)
    .describe('How long a token is valid, from its issue.')

const Rotation = z.object({
  requestID: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9._:-]+$/)
    .exactOptional()
    .describe('Any new value issues a new token, once. Echoed in the status when it is done.'),
  overlapSeconds: z
    .int()
    .min(0)
    .max(30 * daySeconds)
    .default(daySeconds)
    .describe('How long the previous token stays valid after a rotation. At most two are valid at once.'),
})

const Delivery = z.object({
  ttlSeconds: z
    .int()
    .min(300)
    .max(daySeconds)
    .default(3600)
    .describe('How long the one-time Secret with the token stays when nobody acknowledges it.'),
})

const SecretKeyReference = z.object({
  name: dnsSubdomain(253),
  key: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9._-]+$/)
    .default('token'),
})

export const Token = withRules(
  z.object({
    source: z
      .enum(['Generated', 'SecretRef'])
      .default('Generated')
      .describe(
        'Generated: minted here and delivered once. SecretRef: read once from a Secret of this namespace.',
      ),
    secretRef: SecretKeyReference.exactOptional(),
    ttlSeconds: ttlSeconds(),
    delivery: Delivery.exactOptional(),
    rotation: Rotation.prefault({}),
    revokedTokenIDs: z
      .array(
        z
          .string()
          .min(1)
          .max(32)
          .regex(/^[0-9A-Za-z]+$/),
      )
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .exactOptional()
      .describe('Tokens (by id, readers included) that stop working at once and for good.'),
  }),
  [
    {
      rule: "self.source == 'SecretRef' ? has(self.secretRef) && !has(self.delivery) : !has(self.secretRef)",
      message: 'source SecretRef needs secretRef and takes no delivery; source Generated takes no secretRef',
    },
    {
      rule: 'self.rotation.overlapSeconds < self.ttlSeconds',
      message: 'rotation.overlapSeconds (86400 unless given) must be less than ttlSeconds',
    },
  ],
)

export const Reader = withRules(
  z.object({
    name: dnsLabel(40),
    ttlSeconds: ttlSeconds(),
    rotation: Rotation.prefault({}),
  }),
  [
    {
      rule: 'self.rotation.overlapSeconds < self.ttlSeconds',
      message: 'rotation.overlapSeconds (86400 unless given) must be less than ttlSeconds',
    },
  ],
)
