/** Where the API serves objects (Kubernetes API concepts, Resource URIs). */

import type { ObjectKey } from '#operator/kube.ts'

interface Resource {
  readonly apiVersion: string
  readonly plural: string
}

/** `/api/v1`, or `/apis/<group>/<version>`. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** All objects of a kind, or those of one namespace. */
export function collectionPath({ apiVersion, plural }: Resource, namespace?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${versionPath(apiVersion)}${scope}/${plural}`
}

export function objectPath(resource: Resource, { namespace, name }: ObjectKey): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
}

/** An equality selector; undefined if it asks for nothing. */
export function labelSelector(labels: Readonly<Record<string, string>> = {}): string | undefined {
  const terms = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return terms.length === 0 ? undefined : terms.join(',')
}
