/** Watches over the store: what changed after a version, then what changes, until the signal aborts. */
import { KubeError } from '#operator/kube.ts'

import type { Change, ObjectStore } from './object-store.ts'
import type { KubeKind, KubeObject, ListOptions, WatchEvent } from '#operator/kube.ts'

/** An API server sends a bookmark about every minute; whoever hears nothing for longer takes the stream for dead. */
const bookmarkMs = 30_000

/** Throws KubeError Expired (410) if changes after the version are no longer known. */
export const watchStore = async function* (
  store: ObjectStore,
  kind: KubeKind,
  options: ListOptions & { readonly resourceVersion: string },
): AsyncGenerator<WatchEvent> {
  let seen = Number(options.resourceVersion)
  while (options.signal?.aborted !== true) {
    const changes = Number.isInteger(seen) && seen <= store.version ? store.changesAfter(seen) : undefined
    if (changes === undefined)
      throw new KubeError(410, 'Expired', `resourceVersion ${options.resourceVersion} is too old`)
    for (const change of changes) {
      const event = eventOf(change, kind, options)
      if (event !== undefined) yield event
      seen = change.version
    }
    // Between this look and the subscription nothing else runs, so nothing is missed.
    if (changes.length > 0) continue
    if ((await anyChange(store, options.signal)) === 'silence')
      yield { type: 'BOOKMARK', resourceVersion: String(seen) }
  }
}

/** Whether the object is one that the options ask for. */
export const isListed = (object: KubeObject, { namespace, labels = {} }: ListOptions): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) &&
  Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value)

/** The event for a watcher, for whom an object that no longer has the labels is gone. */
const eventOf = (change: Change, kind: KubeKind, options: ListOptions): WatchEvent | undefined => {
  if (change.kind.plural !== kind.plural || change.kind.apiVersion !== kind.apiVersion) return undefined
  const was = change.before !== undefined && isListed(change.before, options)
  const is = change.type !== 'DELETED' && isListed(change.object, options)
  if (!was && !is) return undefined
  if (!is) return { type: 'DELETED', object: change.object }
  return { type: was ? 'MODIFIED' : 'ADDED', object: change.object }
}

const anyChange = (store: ObjectStore, signal: AbortSignal | undefined): Promise<'change' | 'silence'> =>
  new Promise((resolve) => {
    const finish = (why: 'change' | 'silence') => (): void => {
      clearTimeout(timer)
      subscription[Symbol.dispose]()
      signal?.removeEventListener('abort', onAbort)
      resolve(why)
    }
    const onAbort = finish('change')
    const timer = setTimeout(finish('silence'), bookmarkMs)
    // A watch alone is no reason to keep the process.
    timer.unref()
    const subscription = store.subscribe(finish('change'))
    signal?.addEventListener('abort', onAbort)
  })
