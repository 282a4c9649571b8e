/**
 * A cache of one kind, kept true by list and watch: relisted when the watch lost its place, compared with what was
 * known so that deletions are never missed, retried with jitter for ever.
 */
import { backoff } from '#platform/retry.ts'

import { deadline, pause } from './clock.ts'
import { KubeError, retryAfterMs } from './kube.ts'
import { ObjectCache } from './object-cache.ts'
import { keyOf, textOf } from './object-key.ts'

import type { Clock } from './clock.ts'
import type { Kube, KubeKind, KubeObject, ListOptions, ObjectKey, ObjectList, WatchEvent } from './kube.ts'
import type { IndexOf } from './object-cache.ts'

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
  /** Found by a list and not by the watch: a start, or something missed. */
  readonly isListed: boolean
}

export interface ReflectorOptions {
  readonly kube: Kube
  readonly kind: KubeKind
  /** Objects of this namespace only; of all unless told. */
  readonly namespace?: string
  /** Equality selector; all must hold. */
  readonly labels?: Readonly<Record<string, string>>
  /** What `indexed` finds objects by; nothing unless told. */
  readonly indexOf?: IndexOf
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly random?: () => number
  /** The watch ended in a way that is not routine, with the reason for the metric. */
  readonly onRestart?: (reason: string, error: unknown) => void
  /** Something was heard: a list, an event, or a bookmark, which comes every minute. */
  readonly onActivity?: () => void
}

export interface Reflector extends AsyncDisposable {
  get(key: ObjectKey): KubeObject | undefined
  list(namespace?: string): readonly KubeObject[]
  /** Those that the index has under this text. */
  indexed(text: string): readonly KubeObject[]
  /** From now on until disposed; a listener only takes notes, it must not throw. */
  subscribe(listener: (change: Change) => void): Disposable
  /** Resolves once the first list is in, or the signal aborted. */
  readonly synced: Promise<void>
  readonly hasSynced: boolean
}

/** Even a watch that seems well is doubted this often (lost events have been seen behind load balancers). */
const relistMs = 3_600_000
const backoffMs = { baseMs: 1600, maxMs: 30_000 }

/** Begins at once; stops when the signal aborts or the reflector is disposed. */
export function startReflector(options: ReflectorOptions): Reflector {
  const cache = new ObjectCache(options.indexOf ?? (() => []))
  const listeners = new Set<(change: Change) => void>()
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const { promise: synced, resolve: setSynced } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => setSynced(), { once: true })
  let hasSynced = false

  const tell = (change: Change) => {
    for (const listener of listeners) listener(change)
  }
  const replace = (list: ObjectList) => {
    for (const change of differences(cache.byKey, list)) {
      if (change.type === 'DELETED') cache.delete(change.object)
      else cache.set(change.object)
      tell(change)
    }
    hasSynced = true
    setSynced()
  }
  const note = (event: ObjectEvent) => {
    if (isStale(event, cache.byKey.get(keyOf(event.object)))) return
    if (event.type === 'DELETED') cache.delete(event.object)
    else cache.set(event.object)
    tell({ type: event.type, object: event.object, isListed: false })
  }
  const running = follow(options, signal, { replace, note })
  return {
    get: (key) => cache.byKey.get(textOf(key)),
    list: (namespace) =>
      [...cache.byKey.values()].filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    indexed: (text) => cache.indexed(text),
    subscribe(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    synced,
    get hasSynced() {
      return hasSynced
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

type ObjectEvent = Exclude<WatchEvent, { type: 'BOOKMARK' }>

interface Sink {
  replace(list: ObjectList): void
  note(event: ObjectEvent): void
}

/** List, watch until that ends, and again. Only the signal ends it. */
async function follow(options: ReflectorOptions, signal: AbortSignal, sink: Sink): Promise<void> {
  const { clock, random = Math.random } = options
  let place: Place | undefined
  let failures = 0
  while (!signal.aborted) {
    const before: string | undefined = place?.version
    let askedMs = 0
    try {
      if (place === undefined || clock.now() >= place.relistAtMs) place = await relist(options, signal, sink)
      await watch(options, signal, sink, place)
      // A watch that ends without a word, again and again, must not spin.
      failures = place.version === before ? failures + 1 : 0
    } catch (error) {
      if (signal.aborted) return
      const reason = error instanceof KubeError ? error.reason : 'Unknown'
      options.onRestart?.(reason, error)
      failures = place !== undefined && place.version !== before ? 1 : failures + 1
      askedMs = retryAfterMs(error)
      if (reason === 'Expired') place = undefined
    }
    // The first restart after anything was received is immediate, unless the server asks for patience.
    const waitMs = Math.max(askedMs, failures > 1 ? backoff(failures - 2, { ...backoffMs, random }) : 0)
    if (waitMs > 0) await pause(clock, waitMs, signal)
  }
}

/** Where the watch goes on, and when the cache is to be compared with a list again. */
interface Place {
  version: string
  readonly relistAtMs: number
}

async function relist(options: ReflectorOptions, signal: AbortSignal, sink: Sink): Promise<Place> {
  const { kube, kind, clock } = options
  const list = await kube.list(kind, { ...selectionOf(options), signal })
  sink.replace(list)
  options.onActivity?.()
  return { version: list.resourceVersion, relistAtMs: clock.now() + relistMs }
}

/** Until the stream ends, throws, or it is time to list again; moves the place along. */
async function watch(
  options: ReflectorOptions,
  signal: AbortSignal,
  sink: Sink,
  place: Place,
): Promise<void> {
  const { kube, kind, clock } = options
  using due = deadline(clock, place.relistAtMs - clock.now(), signal)
  try {
    const events = kube.watch(kind, {
      ...selectionOf(options),
      resourceVersion: place.version,
      signal: due.signal,
    })
    for await (const event of events) {
      // What a stream still holds when it is no longer wanted.
      if (due.signal.aborted) return
      options.onActivity?.()
      if (event.type !== 'BOOKMARK') sink.note(event)
      place.version = laterOf(place.version, versionOf(event))
    }
  } catch (error) {
    if (!due.signal.aborted) throw error
  }
}

function selectionOf({ namespace, labels }: ReflectorOptions): ListOptions {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
  }
}

function versionOf(event: WatchEvent): string | undefined {
  return event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion
}

/** Sent twice, or late: the cache knows better. */
function isStale({ type, object }: ObjectEvent, known: KubeObject | undefined): boolean {
  const { resourceVersion } = object.metadata
  const knownVersion = known?.metadata.resourceVersion
  if (resourceVersion === undefined || knownVersion === undefined) return false
  return isBefore(resourceVersion, knownVersion) || (type !== 'DELETED' && resourceVersion === knownVersion)
}

function laterOf(version: string, other: string | undefined): string {
  return other === undefined || isBefore(other, version) ? version : other
}

/** Versions of one kind may be compared as whole numbers (Kubernetes API concepts, Resource versions). */
function isBefore(version: string, other: string): boolean {
  const isNumber = /^\d+$/
  return isNumber.test(version) && isNumber.test(other) && BigInt(version) < BigInt(other)
}

/** What a fresh list says happened since the cache was true. An object deleted and made again counts as both. */
export function differences(cache: ReadonlyMap<string, KubeObject>, list: ObjectList): Change[] {
  const listed = new Map(list.items.map((object) => [keyOf(object), object]))
  const changes: Change[] = []
  for (const [key, known] of cache) {
    const now = listed.get(key)
    if (now === undefined || now.metadata.uid !== known.metadata.uid) {
      changes.push({ type: 'DELETED', object: known, isListed: true })
    }
  }
  for (const [key, object] of listed) {
    const known = cache.get(key)
    if (known === undefined || known.metadata.uid !== object.metadata.uid) {
      changes.push({ type: 'ADDED', object, isListed: true })
    } else if (known.metadata.resourceVersion !== object.metadata.resourceVersion) {
      changes.push({ type: 'MODIFIED', object, isListed: true })
    }
  }
  return changes
}
