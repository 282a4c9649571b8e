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

/** A text deep in an object whose kind nobody has parsed; undefined if there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let at = value
  for (const name of path) {
    at =
      typeof at === 'object' && at !== null
        ? new Map<string, unknown>(Object.entries(at)).get(name)
        : undefined
  }
  return typeof at === 'string' ? at : undefined
}
