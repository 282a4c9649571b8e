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

/** @param text of its entries; without it the Secret says nothing about them */
export function aSecret(
  name: string,
  text?: Readonly<Record<string, string>>,
  annotations?: Readonly<Record<string, string>>,
): KubeObject {
  const entries = Object.entries(text ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'acme', ...(annotations === undefined ? {} : { annotations }) },
    ...(text === undefined ? {} : { data: Object.fromEntries(entries) }),
  }
}
