/**
 * How reconcile reads Kubernetes: from the caches of the reflectors, which costs nothing, or from the API. What the
 * caches show to be in order is left alone; before anything is written the same is read from the API.
 */

import { scimAssignmentPolicy } from './api/scim-assignment-policy.ts'
import { integrationsOf } from './integration-of.ts'
import { textOf } from './object-key.ts'
import { integrationLabel, managedLabel } from './tenant/names.ts'

import type { Kube, KubeKind, KubeObject, ObjectKey } from './kube.ts'
import type { Reflector } from './reflector.ts'

export interface KubeView {
  get(kind: KubeKind, key: ObjectKey): Promise<KubeObject | undefined>
  /** The children or policies of an integration, by its label or their reference. */
  belonging(kind: KubeKind, integration: ObjectKey): Promise<readonly KubeObject[]>
  serves(kind: KubeKind): Promise<boolean>
  /** The same from the API itself. */
  readonly live: KubeView
}

export function liveView(kube: Kube, signal: AbortSignal): KubeView {
  const view: KubeView = {
    get: (kind, key) => kube.get(kind, key, { signal }),
    async belonging(kind, integration) {
      const { namespace, name } = integration
      const labels =
        kind.kind === scimAssignmentPolicy.kind ? {} : { [managedLabel]: 'true', [integrationLabel]: name }
      const { items } = await kube.list(kind, { namespace, labels, signal })
      return items.filter((object) => integrationsOf(object).includes(textOf(integration)))
    },
    serves: (kind) => kube.serves(kind, { signal }),
    get live() {
      return view
    },
  }
  return view
}

export interface CachedKind {
  readonly kind: KubeKind
  /** It has an index by integration. */
  readonly reflector: Reflector
}

/** Answers from caches; only of kinds that have none the API is asked. */
export function cachedView(caches: readonly CachedKind[], live: KubeView): KubeView {
  const cacheOf = (kind: KubeKind) =>
    caches.find((cache) => cache.kind.kind === kind.kind && cache.kind.apiVersion === kind.apiVersion)
  return {
    async get(kind, key) {
      const cache = cacheOf(kind)
      return cache === undefined ? live.get(kind, key) : cache.reflector.get(key)
    },
    async belonging(kind, integration) {
      const cache = cacheOf(kind)
      return cache === undefined
        ? live.belonging(kind, integration)
        : cache.reflector.indexed(textOf(integration))
    },
    serves: (kind) => live.serves(kind),
    live,
  }
}
