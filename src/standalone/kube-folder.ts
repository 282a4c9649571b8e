/**
 * The Kubernetes port over two folders: manifests, which people write, and the state folder, where every object with
 * its status and every Secret stands as a file.
 */
import { mkdir } from 'node:fs/promises'

import { editSync } from './kube-folder/edit-sync.ts'
import { openEventLog } from './kube-folder/event-log.ts'
import { watchFolder } from './kube-folder/folder-scan.ts'
import { servedKinds } from './kube-folder/kinds.ts'
import { manifestReport } from './kube-folder/manifest-report.ts'
import { manifestSync } from './kube-folder/manifest-sync.ts'
import { objectApi } from './kube-folder/object-api.ts'
import { openObjectStore } from './kube-folder/object-store.ts'
import { isListed, watchStore } from './kube-folder/watch.ts'

import type { CustomResourceDefinition } from '#operator/api/crd.ts'
import type { Kube } from '#operator/kube.ts'
import type { Logger } from '#platform/log.ts'

export interface KubeFolderOptions {
  /** What people write: YAML files, nested folders. */
  readonly manifests: string
  /** What the adapter keeps; made if absent. */
  readonly folder: string
  readonly definitions: readonly CustomResourceDefinition[]
  readonly log: Logger
  readonly now?: () => Date
  /** Where the file system tells of no changes, they are looked for this often. */
  readonly pollMs?: number
}

export interface KubeFolder extends Kube, AsyncDisposable {
  /** Calls after each change of any object, until disposed. */
  subscribe(onChange: () => void): Disposable
}

/** Opens both folders and takes the manifests over once before it returns; then follows them until disposed. */
export const openKubeFolder = async (options: KubeFolderOptions): Promise<KubeFolder> => {
  const { manifests, folder, log, now = () => new Date(), pollMs = 500 } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kinds = servedKinds(options.definitions)
  await using opened = new AsyncDisposableStack()
  const store = await openObjectStore({ folder, kinds })
  const events = opened.use(openEventLog({ folder, log, now }))
  const api = objectApi(store, kinds, now)
  const report = manifestReport({ store, api, record: (event) => events.record(event), log, now })
  const syncEdits = editSync({ folder, store, api, kinds, log, now })
  const syncManifests = manifestSync({ root: manifests, store, api, kinds, report, now })

  await api.collectGarbage()
  await syncManifests()
  const complain = onceInARow(log)
  for (const [root, onMaybeChanged] of [
    [folder, syncEdits],
    [manifests, syncManifests],
  ] as const)
    opened.use(
      watchFolder({
        root,
        pollMs,
        gatherMs: 50,
        onMaybeChanged,
        onError: complain(root),
        onWatchError: (error) => log.debug({ err: error, folder: root }, 'folder is polled only'),
      }),
    )
  const closing = opened.move()

  return {
    get: async (kind, key, { signal } = {}) => {
      signal?.throwIfAborted()
      return store.get(kind, key)?.object
    },
    list: async (kind, listed = {}) => {
      listed.signal?.throwIfAborted()
      const objects = store.list(kind).map(({ object }) => object)
      return {
        items: objects.filter((object) => isListed(object, listed)),
        resourceVersion: String(store.version),
      }
    },
    watch: (kind, watched) => watchStore(store, kind, watched),
    create: async (object, { signal } = {}) => {
      signal?.throwIfAborted()
      return api.create(object)
    },
    apply: async (object, { fieldManager, force, signal }) => {
      signal?.throwIfAborted()
      return (await api.apply(object, { manager: fieldManager, force })).object
    },
    tryApply: async (object, { fieldManager, force, signal }) => {
      signal?.throwIfAborted()
      await api.apply(object, { manager: fieldManager, force, isDryRun: true })
    },
    applyStatus: async (object, { fieldManager, signal }) => {
      signal?.throwIfAborted()
      return api.applyStatus(object, fieldManager)
    },
    setFinalizers: async (object, _kind, finalizers, { signal } = {}) => {
      signal?.throwIfAborted()
      return api.setFinalizers(object, finalizers)
    },
    delete: async (kind, key, { uid, signal } = {}) => {
      signal?.throwIfAborted()
      return api.delete(kind, key, uid)
    },
    recordEvent: (event) => events.record(event),
    serves: (kind) => Promise.resolve(kinds.of(kind) !== undefined),
    subscribe: (onChange) => store.subscribe(onChange),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** Polling meets the same error again and again; it is told when it changes. */
const onceInARow =
  (log: Logger) =>
  (root: string): ((error: unknown) => void) => {
    let told: string | undefined
    return (error) => {
      const reason = String(error)
      if (reason === told) return
      told = reason
      log.error({ err: error, folder: root }, 'folder could not be read; everything stays as it is')
    }
  }
