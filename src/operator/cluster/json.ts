/** JSON from the API server, read without trusting its shape. */
import { KubeError } from '#operator/kube.ts'

import type { KubeObject } from '#operator/kube.ts'

export type Fields = Readonly<Record<string, unknown>>

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * An object as the operator keeps it: without `managedFields`, which are often the largest part and which nobody here
 * reads, and with the kind that the items of a list leave out.
 * @throws KubeError `Unknown` for what is no object with a name, a namespace and a resourceVersion
 */
export function parseObject(
  value: unknown,
  kind: { readonly apiVersion: string; readonly kind: string },
): KubeObject {
  const { metadata, ...fields } = fieldsOf(value)
  const { managedFields: _managedFields, ...kept } = fieldsOf(metadata)
  const object = { apiVersion: kind.apiVersion, kind: kind.kind, ...fields, metadata: kept }
  if (!isObject(object))
    throw new KubeError(200, 'Unknown', `the API server sent something that is no ${kind.kind}`)
  return object
}

/** The API server vouches for the rest of the metadata. */
function isObject(value: unknown): value is KubeObject {
  const { apiVersion, kind, metadata } = fieldsOf(value)
  const { name, namespace, resourceVersion } = fieldsOf(metadata)
  return [apiVersion, kind, name, namespace, resourceVersion].every((field) => typeof field === 'string')
}
