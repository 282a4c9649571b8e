/** ScimIntegration: one tenant, its endpoint and its tokens. The single source of the types and of the CRD. */
import { z } from 'zod'

import { Metadata, apiVersion, dnsLabel, mapList, withRules } from './common.ts'
import { Endpoint } from './endpoint-spec.ts'
import { ScimIntegrationStatus } from './scim-integration-status.ts'
import { Reader, Token, daySeconds } from './token-spec.ts'

import type { ApiKind } from './common.ts'

/** What a field left out means depends on identityProvider.type, hence no defaults here (tenant/settings.ts). */
const Compatibility = z.object({
  patchResponse: z
    .enum(['Resource', 'NoContent'])
    .exactOptional()
    .describe('Answer to a PATCH: the resource (200) or nothing (204).'),
  contentType: z
    .enum(['Auto', 'JSON'])
    .exactOptional()
    .describe('Auto answers application/scim+json; JSON application/json.'),
  strictness: z
    .enum(['Lenient', 'Strict'])
    .exactOptional()
    .describe('Lenient accepts the known dialects; Strict refuses what the RFC does not allow.'),
  postInactive: z
    .enum(['Conflict', 'Reactivate'])
    .exactOptional()
    .describe('A user created again while an inactive one has the name: 409, or that user is reactivated.'),
})

const million = 1_000_000

const Limits = z.object({
  maxUsers: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(million)
    .describe('Active and inactive users; one more is refused with 403.'),
  maxGroupMembers: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(million)
    .describe(
      'Members of one group, pushed values that are nobody yet among them; more are refused with 403.',
    ),
  requestsPerSecond: z.int().min(1).max(10_000).default(100).describe('Per server pod.'),
  burst: z.int().min(1).max(20_000).default(200),
  maxPayloadBytes: z.int().min(1024).max(104_857_600).default(10_485_760),
})

const identityProviders = [
  'Okta',
  'EntraID',
  'OneLogin',
  'JumpCloud',
  'GoogleWorkspace',
  'Ping',
  'Generic',
] as const

export const ScimIntegrationSpec = withRules(
  z.object({
    displayName: z.string().min(1).max(120).describe('Unique in the namespace.'),
    tenantID: dnsLabel(40).exactOptional().describe('Unset, made of the name and the uid: see the status.'),
    adoptionPolicy: z
      .enum(['Never', 'IfRetained'])
      .default('Never')
      .describe('IfRetained takes over the data that a deleted integration of this name left behind.'),
    state: z
      .enum(['Active', 'Disabled'])
      .default('Active')
      .describe('Disabled answers 403 and keeps all data.'),
    managementPolicy: z
      .enum(['Full', 'Observe'])
      .default('Full')
      .describe('Observe changes nothing and says what Full would do.'),
    deletionPolicy: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe('What becomes of the data when this object is deleted.'),
    deletionGraceSeconds: z
      .int()
      .min(0)
      .max(30 * daySeconds)
      .default(0)
      .describe('With Delete: how long the data is kept, unreachable, before it goes.'),
    identityProvider: z
      .object({ type: z.enum(identityProviders).default('Generic') })
      .prefault({})
      .describe('Only sets the defaults of compatibility.'),
    compatibility: Compatibility.exactOptional(),
    readers: mapList(Reader, 'name', 8).exactOptional().describe('Tokens for the Directory API, read only.'),
    endpoint: Endpoint.prefault({}),
    token: Token.prefault({}),
    limits: Limits.prefault({}),
  }),
  [
    {
      rule: "!(self.deletionPolicy == 'Delete' && self.managementPolicy == 'Observe')",
      message: 'deletionPolicy Delete cannot be combined with managementPolicy Observe',
    },
  ],
)

export type ScimIntegrationSpec = z.output<typeof ScimIntegrationSpec>

/** The whole object, as the operator reads it. */
export const ScimIntegration = z.object({
  apiVersion: z.literal(apiVersion),
  kind: z.literal('ScimIntegration'),
  metadata: Metadata,
  spec: ScimIntegrationSpec,
  status: ScimIntegrationStatus.prefault({}),
})

export type ScimIntegration = z.output<typeof ScimIntegration>

export const scimIntegration: ApiKind = {
  apiVersion,
  kind: 'ScimIntegration',
  plural: 'scimintegrations',
  singular: 'scimintegration',
  shortNames: ['scimi'],
  description: 'A tenant of the directory: its SCIM endpoint, its tokens and its limits.',
  spec: ScimIntegrationSpec,
  status: ScimIntegrationStatus,
  rules: [
    {
      rule: 'self.metadata.name.size() <= 50',
      message:
        'metadata.name must have at most 50 characters, since the names of its objects are built from it',
    },
    {
      rule: '!has(self.spec.tenantID) || !has(self.status) || !has(self.status.tenantID) || self.spec.tenantID == self.status.tenantID',
      message: 'spec.tenantID cannot be changed once the tenant exists: it must equal status.tenantID',
    },
  ],
  printerColumns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      priority: 1,
    },
    { name: 'IdP', type: 'string', jsonPath: '.spec.identityProvider.type' },
    { name: 'URL', type: 'string', jsonPath: '.status.baseURL' },
    {
      name: 'Token-Expires',
      // As it stands: kubectl shows a date as its age, and one to come as <invalid>.
      type: 'string',
      jsonPath: '.status.tokens[?(@.state=="Active")].expirationTime',
    },
    {
      name: 'Paused',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Paused")].status',
      priority: 1,
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: ['.spec.identityProvider.type', '.spec.state'],
}
