/**
 * How reconcile reads Kubernetes: from the caches of the reflectors, which costs nothing, or from the API. What the
 * caches show to be in order is left alone; before anything is written the same is read from the API.
 */

import type { Kube, KubeKind, KubeObject, ObjectKey } from './kube.ts'
import type { Reflector } from './reflector.ts'

export interface KubeView {
  get(kind: KubeKind, key: ObjectKey): Promise<KubeObject | undefined>
  /** All labels must be there. */
  list(kind: KubeKind, namespace: string, labels: Readonly<Record<string, string>>): Promise<KubeObject[]>
  serves(kind: KubeKind): Promise<boolean>
  /** The same from the API itself. */
  readonly live: KubeView
}

export function liveView(kube: Kube, signal: AbortSignal): KubeView {
  const view: KubeView = {
    get: (kind, key) => kube.get(kind, key, { signal }),
    list: async (kind, namespace, labels) => [
      ...(await kube.list(kind, { namespace, labels, signal })).items,
    ],
    serves: (kind) => kube.serves(kind, { signal }),
    get live() {
      return view
    },
  }
  return view
}

export interface CachedKind {
  readonly kind: KubeKind
  readonly reflector: Reflector
  /** The reflector's selector: an object without these labels is not in the cache, but may exist. */
  readonly labels: Readonly<Record<string, string>>
}

/** Answers from caches; what no cache holds is asked of the API. */
export function cachedView(caches: readonly CachedKind[], live: KubeView): KubeView {
  const cacheOf = (kind: KubeKind) =>
    caches.find((cache) => cache.kind.kind === kind.kind && cache.kind.apiVersion === kind.apiVersion)
  return {
    get: async (kind, key) => cacheOf(kind)?.reflector.get(key) ?? live.get(kind, key),
    async list(kind, namespace, labels) {
      const cache = cacheOf(kind)
      if (cache === undefined || !hasLabels(labels, cache.labels)) return live.list(kind, namespace, labels)
      return cache.reflector
        .list(namespace)
        .filter((object) => hasLabels(object.metadata.labels ?? {}, labels))
    },
    serves: (kind) => live.serves(kind),
    live,
  }
}

function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}
