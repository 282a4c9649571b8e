/** Keys of objects as text, `namespace/name`: what the work queue holds. */

import type { KubeObject, ObjectKey } from './kube.ts'

export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace}/${object.metadata.name}`
}

export function textOf({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`
}

/** Neither part may contain a slash, so the first one divides them. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/')
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}
