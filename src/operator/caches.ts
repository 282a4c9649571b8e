/** What the operator follows of Kubernetes. A process that does not lead has it too, and so leads at once when it may. */

import { scimAssignmentPolicy } from './api/scim-assignment-policy.ts'
import { scimIntegration } from './api/scim-integration.ts'
import { integrationsOf } from './integration-of.ts'
import { joinReflectors } from './joined-reflector.ts'
import { startLateReflector } from './late-reflector.ts'
import { startReflector } from './reflector.ts'
import { routeKinds } from './tenant/endpoint.ts'
import { secretKind } from './tenant/manifests.ts'
import { managedLabel } from './tenant/names.ts'

import type { Logger } from '#platform/log.ts'
import type { Metrics } from '#platform/metrics.ts'

import type { Clock } from './clock.ts'
import type { Kube, KubeKind, KubeObject } from './kube.ts'
import type { Reflector } from './reflector.ts'
import type { CachedKind } from './view.ts'

export interface CachesOptions {
  readonly kube: Kube
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
}

export interface Caches extends AsyncDisposable {
  readonly integrations: CachedKind
  readonly policies: CachedKind
  /** Secrets and routes that carry our label. */
  readonly children: readonly CachedKind[]
  /** Resolves once all first lists are in, or when disposed. */
  readonly synced: Promise<unknown>
  /** Kinds whose first list is not in yet. */
  readonly missing: readonly string[]
}

/** A watch that cannot be started is no news each time it is tried. */
const warnAgainMs = 60_000

/** By integration; policies by their uid too, which is what Postgres knows of them. */
function indexOf(object: KubeObject): readonly string[] {
  const { uid } = object.metadata
  const isKnownByUid = object.kind === scimAssignmentPolicy.kind && uid !== undefined
  return [...integrationsOf(object), ...(isKnownByUid ? [uid] : [])]
}

/** Begins to fill them; they need no API server to be there yet. Only the port's namespaces, where it names some. */
export function openCaches(options: CachesOptions): Caches {
  const { kube, clock, metrics } = options
  const stop = new AbortController()
  const { signal } = stop
  const follow = (kind: KubeKind, labels: Readonly<Record<string, string>>): Reflector => {
    const onRestart = restartTeller(options, kind)
    const onActivity = () => metrics.watchLastActivity.set({ kind: kind.kind }, clock.now() / 1000)
    const start = (namespace?: string) =>
      startReflector({
        kube,
        kind,
        labels,
        indexOf,
        clock,
        signal,
        onRestart,
        onActivity,
        ...(namespace === undefined ? {} : { namespace }),
      })
    return kube.namespaces === undefined
      ? start()
      : joinReflectors(new Map(kube.namespaces.map((namespace) => [namespace, start(namespace)])))
  }
  const managed = { [managedLabel]: 'true' }
  const integrations = { kind: scimIntegration, reflector: follow(scimIntegration, {}) }
  const policies = { kind: scimAssignmentPolicy, reflector: follow(scimAssignmentPolicy, {}) }
  const secrets = { kind: secretKind, reflector: follow(secretKind, managed) }
  const routes = Object.values(routeKinds).map((kind) => ({
    kind,
    reflector: startLateReflector({
      isServed: (asking) => kube.serves(kind, { signal: asking }),
      start: () => follow(kind, managed),
      clock,
      signal,
    }),
  }))
  const all = [integrations, policies, secrets, ...routes]
  return {
    integrations,
    policies,
    children: [secrets, ...routes],
    synced: Promise.all(all.map(({ reflector }) => reflector.synced)),
    get missing() {
      return all.filter(({ reflector }) => !reflector.hasSynced).map(({ kind }) => kind.kind)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(all.map(({ reflector }) => reflector[Symbol.asyncDispose]()))
    },
  }
}

/** Counts every restart; says in the log what is not routine, once a minute for each kind. */
function restartTeller({ metrics, log, clock }: CachesOptions, { kind }: KubeKind) {
  let warnAtMs = clock.now()
  return (reason: string, error: unknown): void => {
    metrics.watchRestarts.inc({ reason })
    const isNews = reason !== 'Expired' && clock.now() >= warnAtMs
    if (isNews) warnAtMs = clock.now() + warnAgainMs
    log[isNews ? 'warn' : 'debug']({ kind, reason, err: error }, 'watch starts again')
  }
}
