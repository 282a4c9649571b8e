/** A ScimAssignmentPolicy as the rows that the worker evaluates. Pure. */
import { createHash } from 'node:crypto'

import { ScimAssignmentPolicySpec } from '#operator/api/scim-assignment-policy.ts'

import type { PolicyRecord } from '#directory/policies.ts'
import type { Metadata } from '#operator/api/common.ts'

export type ReadSpec =
  | { readonly kind: 'valid'; readonly spec: ScimAssignmentPolicySpec }
  /** `message` says which field and why. */
  | { readonly kind: 'invalid'; readonly message: string }

/** The API server has checked shape and limits; what only we know (the filter of `where`) is checked here. */
export function readSpec(spec: unknown): ReadSpec {
  const parsed = ScimAssignmentPolicySpec.safeParse(spec)
  if (parsed.success) return { kind: 'valid', spec: parsed.data }
  const message = parsed.error.issues
    .slice(0, 8)
    .map((issue) => `${pathOf(issue.path)}: ${issue.message}`)
    .join('; ')
  return { kind: 'invalid', message }
}

/** `spec.rules[2].match.where`, as Kubernetes writes it. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`),
    'spec',
  )
}

export function policyRecord(metadata: Metadata, spec: ScimAssignmentPolicySpec, now: Date): PolicyRecord {
  const { cardinality, rules } = spec
  const content = { cardinality, default: spec.default ?? null, rules }
  return {
    id: metadata.uid,
    namespace: metadata.namespace,
    name: metadata.name,
    cardinality,
    defaultValue: spec.default ?? null,
    generation: metadata.generation,
    specHash: createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32),
    spec: content,
    rules: rules.map(({ name, match, assign }) => ({ name, match, assign })),
    created: metadata.creationTimestamp === undefined ? now : new Date(metadata.creationTimestamp),
  }
}
