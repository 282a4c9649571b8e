/** ScimAssignmentPolicy: a whole policy in one object. The single source of the types and of the CRD. */
import { z } from 'zod'

import { checkPolicy, policyFields, policyValidations } from '#assignment/rule.ts'

import { Conditions, Metadata, apiVersion, dnsSubdomain, mapList, withRules } from './common.ts'

import type { ApiKind } from './common.ts'

const IntegrationReference = withRules(z.object({ name: dnsSubdomain(50) }), [
  { rule: 'self == oldSelf', message: 'integrationRef cannot be changed' },
])

export const ScimAssignmentPolicySpec = withRules(
  z
    .object({
      integrationRef: IntegrationReference.describe(
        'The ScimIntegration of this namespace whose users it is for.',
      ),
      mode: z.enum(['Enforce']).describe('Enforce applies the outcome of the rules.'),
      ...policyFields,
    })
    .superRefine(checkPolicy),
  policyValidations,
)

export type ScimAssignmentPolicySpec = z.output<typeof ScimAssignmentPolicySpec>

/** More distinct values than this are evaluated, but not all counted in the status. */
export const maxStatusValues = 256

export const ScimAssignmentPolicyStatus = z.object({
  observedGeneration: z.int().min(0).exactOptional(),
  conditions: Conditions.exactOptional(),
  users: z.int().min(0).exactOptional().describe('Users with at least one value.'),
  values: mapList(z.object({ value: z.string().max(63), users: z.int().min(0) }), 'value', maxStatusValues)
    .exactOptional()
    .describe('Users per value, most users first.'),
  evaluatedGeneration: z
    .int()
    .min(0)
    .exactOptional()
    .describe('The generation by which every user has been evaluated.'),
})

export type ScimAssignmentPolicyStatus = z.output<typeof ScimAssignmentPolicyStatus>

/** All of the object but its spec, which may hold a filter that only we can refuse: `policy/record.ts` reads that. */
export const ScimAssignmentPolicyObject = z.object({
  metadata: Metadata,
  status: ScimAssignmentPolicyStatus.prefault({}),
})

export const scimAssignmentPolicy: ApiKind = {
  apiVersion,
  kind: 'ScimAssignmentPolicy',
  plural: 'scimassignmentpolicies',
  singular: 'scimassignmentpolicy',
  shortNames: ['scimap'],
  description: 'Rules that turn group membership and attributes of users into assignments.',
  spec: ScimAssignmentPolicySpec,
  status: ScimAssignmentPolicyStatus,
  rules: [
    { rule: 'self.metadata.name.size() <= 50', message: 'metadata.name must have at most 50 characters' },
  ],
  printerColumns: [
    { name: 'Integration', type: 'string', jsonPath: '.spec.integrationRef.name' },
    { name: 'Cardinality', type: 'string', jsonPath: '.spec.cardinality' },
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
    { name: 'Users', type: 'integer', jsonPath: '.status.users' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: ['.spec.integrationRef.name'],
}
