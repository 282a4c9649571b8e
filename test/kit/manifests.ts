/** Manifests as a person writes them, in namespace `acme`. */

import type { KubeObject, ObjectMeta } from '#operator/kube.ts'

type Fields = Readonly<Record<string, unknown>>

export function anIntegration(
  name: string,
  spec: Fields = {},
  metadata: Partial<ObjectMeta> = {},
): KubeObject {
  return {
    apiVersion: 'scim-operator.io/v1alpha1',
    kind: 'ScimIntegration',
    metadata: { name, namespace: 'acme', ...metadata },
    spec: { displayName: name, ...spec },
  }
}

/** A policy for the integration `okta` with one rule, unless told otherwise. */
export function aPolicy(name: string, spec: Fields = {}): KubeObject {
  const fields: Fields = {
    integrationRef: { name: 'okta' },
    cardinality: 'One',
    mode: 'Enforce',
    rules: [{ name: 'staff', match: { anyGroup: [{ displayName: 'Staff' }] }, assign: ['laptop'] }],
    ...spec,
  }
  return {
    apiVersion: 'scim-operator.io/v1alpha1',
    kind: 'ScimAssignmentPolicy',
    metadata: { name, namespace: 'acme' },
    spec: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  }
}
